// SPDX-License-Identifier: Apache-2.0
// The adapter for GPUs: the formulas of README.md in operations of torch, whose sums have a fixed order.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/node_norm/node_norm_checks.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;

Tensor scaled(const Tensor& mean, const Optional& mean_scale) { return mean_scale ? mean * *mean_scale : mean; }

/// Returns the mean over the rows; 0 if there are none, as on the CPU.
Tensor mean_of_rows(const Tensor& x) { return x.sum(0) / std::max<int64_t>(1, x.size(0)); }

}  // namespace

std::tuple<Tensor, Tensor, Tensor> node_norm_cuda(const Tensor& x, const Optional& mean_scale, const Tensor& weight,
                                                  const Tensor& bias, const Optional& given_mean,
                                                  const Optional& given_var, double eps) {
  check_node_norm(x, mean_scale, weight, bias, given_mean, given_var);
  const Tensor mean = given_mean ? given_mean->clone() : mean_of_rows(x);
  const Tensor z = x - scaled(mean, mean_scale);
  const Tensor var = given_var ? given_var->clone() : mean_of_rows(z.square());
  return {z * (weight / (var + eps).sqrt()) + bias, mean, var};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> node_norm_backward_cuda(const Tensor& grad, const Tensor& x,
                                                                   const Optional& mean_scale, const Tensor& weight,
                                                                   const Tensor& mean, const Tensor& var, double eps,
                                                                   bool batch_stats) {
  check_node_norm_backward(grad, x, mean_scale, weight, mean, var);
  const Tensor z = x - scaled(mean, mean_scale), r = 1 / (var + eps).sqrt();
  const Tensor a = grad.sum(0), b = (grad * z).sum(0);
  const double rows = static_cast<double>(std::max<int64_t>(1, x.size(0)));
  Tensor dx = grad * (weight * r), sum = weight * r * a;
  if (batch_stats) {
    dx = dx - z * (weight * r * r * r * b / rows);
    sum = dx.sum(0);
    dx = dx - scaled(sum / rows, mean_scale);
  }
  return {dx, mean_scale ? -mean * sum : at::empty({0}, x.options()), r * b, a};
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("node_norm", graphsieve::ops::node_norm_cuda);
  m.impl("node_norm_backward", graphsieve::ops::node_norm_backward_cuda);
}
