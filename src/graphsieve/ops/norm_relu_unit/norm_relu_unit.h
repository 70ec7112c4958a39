// SPDX-License-Identifier: Apache-2.0
// BatchNorm, ReLU and rows of length 1, in one pass over memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns unit_rows(relu(z), least) with z = node_norm(x, weight, bias, mean, var, eps), BatchNorm's form, and the
/// mean and the biased variance in use, [D] each. x is [n, D], weight and bias are [D]; mean and var [D] are both given
/// (evaluation) or both absent (those of x). All have one type, float32 or float64. Differentiable in x, weight and
/// bias, through the statistics of x but not through given ones. Keeps x alone for the backward pass, and neither z nor
/// relu(z). Throws c10::Error if a shape or type does not fit. On a GPU the three operators are used.
GRAPHSIEVE_API std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_relu_unit(
    const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const std::optional<at::Tensor>& mean,
    const std::optional<at::Tensor>& var, double eps, double least);

}  // namespace graphsieve::ops
