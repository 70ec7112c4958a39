// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_checks.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_cuda.h"

namespace graphsieve::ops {
namespace {

at::Tensor product(const at::Tensor& row_start, const at::Tensor& column, const at::Tensor& value,
                   const at::Tensor& weight_t, const std::optional<at::Tensor>& bias) {
  const DeviceOf device(value);
  at::Tensor y = at::empty({row_start.size(0) - 1, weight_t.size(1)}, weight_t.options());
  kernels::sparse_linear_cuda({row_start.size(0) - 1, row_start.const_data_ptr<int64_t>(),
                               column.const_data_ptr<int32_t>(), value.const_data_ptr<float>()},
                              weight_t.const_data_ptr<float>(), pointer_or_null<float>(bias), weight_t.size(1),
                              y.mutable_data_ptr<float>(), device.stream());
  return y;
}

}  // namespace

at::Tensor sparse_linear_cuda(const at::Tensor& row_start, const at::Tensor& column, const at::Tensor& value,
                              const at::Tensor& t_row_start, const at::Tensor& t_row, const at::Tensor& t_value,
                              const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  check_sparse_linear(row_start, column, value, t_row_start, t_row, t_value, weight, bias);
  check_one_device("sparse_linear", value, {row_start, column, weight, bias});
  check_single("sparse_linear", "value", value);
  return product(row_start.contiguous(), column.contiguous(), value.contiguous(), weight.t().contiguous(),
                 contiguous(bias));
}

std::tuple<at::Tensor, at::Tensor> sparse_linear_backward_cuda(const at::Tensor& grad, const at::Tensor& t_row_start,
                                                               const at::Tensor& t_row, const at::Tensor& t_value,
                                                               bool has_bias) {
  check_sparse_linear_backward(grad, t_row_start, t_row, t_value);
  check_one_device("sparse_linear_backward", grad, {t_row_start, t_row, t_value});
  check_single("sparse_linear_backward", "grad", grad);
  const at::Tensor d_weight_t =
      product(t_row_start.contiguous(), t_row.contiguous(), t_value.contiguous(), grad.contiguous(), std::nullopt);
  return {d_weight_t.t().contiguous(), has_bias ? grad.sum(0) : at::empty({0}, grad.options())};
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("sparse_linear", graphsieve::ops::sparse_linear_cuda);
  m.impl("sparse_linear_backward", graphsieve::ops::sparse_linear_backward_cuda);
}
