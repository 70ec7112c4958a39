// Attention of the plain transformer (paper 2): logit = (q·k)/√d, whatever the edge's type.
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

class PlainAttentionImpl : public AttentionImpl {
 public:
  explicit PlainAttentionImpl(const AttentionShape& shape) : AttentionImpl(shape) {}
  LogitTables tables(double temperature) const override;
};

}  // namespace graphsieve::nn
