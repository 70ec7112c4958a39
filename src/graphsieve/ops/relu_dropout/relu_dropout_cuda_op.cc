// SPDX-License-Identifier: Apache-2.0
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_checks.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_cuda.h"

namespace graphsieve::ops {

at::Tensor relu_dropout_cuda(const at::Tensor& x_any, double p, int64_t key) {
  check_relu_dropout(x_any, p);
  check_single("relu_dropout", "x", x_any);
  const DeviceOf device(x_any);
  const at::Tensor x = x_any.contiguous();
  at::Tensor y = at::empty(x.sizes(), x.options());
  kernels::relu_dropout_cuda(x.const_data_ptr<float>(), x.numel(), p, static_cast<uint64_t>(key),
                             y.mutable_data_ptr<float>(), device.stream());
  return y;
}

at::Tensor relu_dropout_backward_cuda(const at::Tensor& grad_any, const at::Tensor& y_any, double p) {
  check_relu_dropout(y_any, p);
  check_like("relu_dropout_backward", "grad", grad_any, "the shape of y", y_any.sym_sizes(), y_any);
  check_single("relu_dropout_backward", "y", y_any);
  check_one_device("relu_dropout_backward", y_any, {grad_any});
  const DeviceOf device(y_any);
  const at::Tensor grad = grad_any.contiguous(), y = y_any.contiguous();
  at::Tensor dx = at::empty(y.sizes(), y.options());
  kernels::relu_dropout_backward_cuda(grad.const_data_ptr<float>(), y.const_data_ptr<float>(), y.numel(), p,
                                      dx.mutable_data_ptr<float>(), device.stream());
  return dx;
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("relu_dropout", graphsieve::ops::relu_dropout_cuda);
  m.impl("relu_dropout_backward", graphsieve::ops::relu_dropout_backward_cuda);
}
