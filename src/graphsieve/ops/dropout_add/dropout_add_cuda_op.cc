// SPDX-License-Identifier: Apache-2.0
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/dropout_add/dropout_add_checks.h"
#include "graphsieve/ops/dropout_add/dropout_add_cuda.h"

namespace graphsieve::ops {

at::Tensor dropout_add_cuda(const at::Tensor& x_any, const std::optional<at::Tensor>& residual_any, double p,
                            int64_t key) {
  check_dropout_add(x_any, residual_any, p);
  check_single("dropout_add", "x", x_any);
  check_one_device("dropout_add", x_any, {residual_any});
  const DeviceOf device(x_any);
  const at::Tensor x = x_any.contiguous();
  const auto residual = contiguous(residual_any);
  at::Tensor y = at::empty(x.sizes(), x.options());
  kernels::dropout_add_cuda(x.const_data_ptr<float>(), pointer_or_null<float>(residual), x.numel(), p,
                            static_cast<uint64_t>(key), y.mutable_data_ptr<float>(), device.stream());
  return y;
}

at::Tensor dropout_add_backward_cuda(const at::Tensor& grad, double p, int64_t key) {
  return dropout_add_cuda(grad, std::nullopt, p, key);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("dropout_add", graphsieve::ops::dropout_add_cuda);
  m.impl("dropout_add_backward", graphsieve::ops::dropout_add_backward_cuda);
}
