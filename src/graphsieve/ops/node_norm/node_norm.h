// BatchNorm and GraphNorm: each feature normalised over the nodes.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace graphsieve::ops {

/// x [n, D]; mean_scale [D] (GraphNorm's α) or absent (1: BatchNorm); weight, bias [D]; mean and var [D], both given
/// (BatchNorm in evaluation) or both absent (x's own); float32 or float64, one type for all. Returns y [n, D] and the
/// mean and biased variance used, [D] each, the variance that of x − mean_scale · mean. Differentiable in x, mean_scale,
/// weight and bias, through x's own statistics too; not in given ones. Throws c10::Error where a shape or type does not
/// fit.
std::tuple<at::Tensor, at::Tensor, at::Tensor> node_norm(const at::Tensor& x, const std::optional<at::Tensor>& mean_scale,
                                                         const at::Tensor& weight, const at::Tensor& bias,
                                                         const std::optional<at::Tensor>& mean,
                                                         const std::optional<at::Tensor>& var, double eps);

}  // namespace graphsieve::ops
