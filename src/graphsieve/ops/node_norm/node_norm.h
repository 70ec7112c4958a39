// SPDX-License-Identifier: Apache-2.0
// BatchNorm and GraphNorm: the normalisation of each feature over the nodes.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Normalises x [n, D]. mean_scale [D] is the α of GraphNorm (Cai et al. 2021), or absent (1: BatchNorm). weight and
/// bias are [D]. mean and var [D] are both given (BatchNorm in evaluation) or both absent (those of x). All have one
/// type, float32 or float64. Returns y [n, D], and the mean and the biased variance in use, [D] each; the variance is
/// that of x − mean_scale · mean. Differentiable in x, mean_scale, weight and bias, through the statistics of x but not
/// through given ones. Throws c10::Error if a shape or type does not fit.
GRAPHSIEVE_API std::tuple<at::Tensor, at::Tensor, at::Tensor> node_norm(
    const at::Tensor& x, const std::optional<at::Tensor>& mean_scale, const at::Tensor& weight, const at::Tensor& bias,
    const std::optional<at::Tensor>& mean, const std::optional<at::Tensor>& var, double eps);

}  // namespace graphsieve::ops
