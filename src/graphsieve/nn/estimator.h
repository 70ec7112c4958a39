// Attention of the score estimator (paper 1): logit = ((q·k)/√d · Σ_c E1_t[c] + E2_t) / τ, clamped; values are
// row-normalised and scaled by one learned number, so that scores and values cannot trade off against each other.
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

class EstimatorAttentionImpl : public AttentionImpl {
 public:
  EstimatorAttentionImpl(const AttentionShape& shape, double value_scale);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;

 private:
  at::Tensor edge_type_, value_scale_;
  Linear scale_{nullptr}, bias_{nullptr};
};

}  // namespace graphsieve::nn
