// SPDX-License-Identifier: Apache-2.0
// The linear map y = x Wᵀ + b, with the same bits at any number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns y = x Wᵀ + b, [n, out] of the weight's type, for x [n, in], weight [out, in] and bias [out] (or absent), of
/// any strides. All have one type, float32 or float64, except that x may be float16 or bfloat16 if the others are
/// float32. Differentiable in all three. Throws c10::Error if a shape or type does not fit.
GRAPHSIEVE_API at::Tensor linear(const at::Tensor& x, const at::Tensor& weight,
                                 const std::optional<at::Tensor>& bias = std::nullopt);

}  // namespace graphsieve::ops
