// SPDX-License-Identifier: Apache-2.0
// LayerNorm, which normalises each row by itself.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns x [n, width], of each of whose rows the mean is subtracted and which is divided by √(variance + eps), times
/// `weight` [width] plus `bias` [width] (Ba et al. 2016). All tensors are float32, or all are float64; eps is above 0.
/// Differentiable in all three tensors. Throws c10::Error if a shape or type does not fit. On a GPU the operation is
/// torch's.
GRAPHSIEVE_API at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

}  // namespace graphsieve::ops
