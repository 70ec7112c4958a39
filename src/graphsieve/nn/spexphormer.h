// Attention of Spexphormer, the sparse wide network (paper 1): logit = Σ_c q[c] k[c] E1_t[c] + E2_t, clamped, no √d.
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

class SpexphormerAttentionImpl : public AttentionImpl {
 public:
  explicit SpexphormerAttentionImpl(const AttentionShape& shape);
  LogitTables tables(double temperature) const override;

 private:
  at::Tensor edge_type_;
  Linear scale_{nullptr}, bias_{nullptr};
};

}  // namespace graphsieve::nn
