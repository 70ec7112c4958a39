// Attention of Exphormer, the full wide network: logit = Σ_c q[c] k[c] E_t[c] / √d, clamped.
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

class ExphormerAttentionImpl : public AttentionImpl {
 public:
  explicit ExphormerAttentionImpl(const AttentionShape& shape);
  LogitTables tables(double temperature) const override;

 private:
  at::Tensor edge_type_;
  Linear scale_{nullptr};
};

}  // namespace graphsieve::nn
