// y = residual + dropout(x), the mask keyed by element.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// x of any shape, float32 or float64; residual of the same shape and type, or absent; 0 <= p < 1. Element e of x
/// (row-major) stays iff mix32(key, e) >= p · 2^32, see README.md. Differentiable in x and residual. Throws c10::Error
/// where a shape, type or p does not fit.
at::Tensor dropout_add(const at::Tensor& x, const std::optional<at::Tensor>& residual, double p, int64_t key);

}  // namespace graphsieve::ops
