// y = dropout(max(x, 0)), the mask keyed by element; only y is kept for the backward pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// x of any shape, float32 or float64; 0 <= p < 1; the mask is that of dropout_add. Differentiable in x. Throws
/// c10::Error where the type or p does not fit.
at::Tensor relu_dropout(const at::Tensor& x, double p, int64_t key);

}  // namespace graphsieve::ops
