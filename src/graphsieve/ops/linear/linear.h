// y = x Wᵀ + b with the same bits at any number of threads.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// x [n, in], weight [out, in], bias [out] or absent; float32 or float64, one type for all, but x may be float16 or bfloat16
/// where the rest is float32; any strides. Returns y [n, out] of the weight's type. Differentiable in all three. Throws c10::Error where a shape or type does not fit.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias = std::nullopt);

}  // namespace graphsieve::ops
