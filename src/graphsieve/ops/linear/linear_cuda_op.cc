// SPDX-License-Identifier: Apache-2.0
// The adapter for GPUs, which uses torch's own products.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <array>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/linear/linear_checks.h"

namespace graphsieve::ops {

at::Tensor linear_cuda(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  check_linear(x, weight, bias);
  const at::Tensor rows = x.to(weight.scalar_type());
  return bias ? at::addmm(*bias, rows, weight.t()) : at::mm(rows, weight.t());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> linear_backward_cuda(const at::Tensor& grad, const at::Tensor& x,
                                                                    const at::Tensor& weight,
                                                                    std::array<bool, 3> mask) {
  check_linear_backward(grad, x, weight);
  const at::Tensor none = at::empty({0}, weight.options());
  return {mask[0] ? at::mm(grad, weight) : none, mask[1] ? at::mm(grad.t(), x.to(weight.scalar_type())) : none,
          mask[2] ? grad.sum(0) : none};
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("linear", graphsieve::ops::linear_cuda);
  m.impl("linear_backward", graphsieve::ops::linear_backward_cuda);
}
