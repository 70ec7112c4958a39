// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/dropout_add/dropout_add.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/dropout_add/dropout_add_checks.h"
#include "graphsieve/ops/dropout_add/dropout_add_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;

Tensor dropout_add_meta(const Tensor& x, const std::optional<Tensor>& residual, double p, int64_t) {
  check_dropout_add(x, residual, p);
  return at::empty_symint(x.sym_sizes(), x.options());
}

/// float32 uses the vector code, float64 the reference.
Tensor dropout_add_cpu(const Tensor& x_any, const std::optional<Tensor>& residual_any, double p, int64_t key) {
  check_dropout_add(x_any, residual_any, p);
  const Tensor x = x_any.contiguous();
  const std::optional<Tensor> residual = contiguous(residual_any);
  Tensor y = at::empty(x.sizes(), x.options());
  if (x.scalar_type() == at::kFloat) {
    kernels::dropout_add(x.const_data_ptr<float>(), pointer_or_null<float>(residual), x.numel(), p, key,
                         y.mutable_data_ptr<float>());
  } else {
    kernels::dropout_add_reference(x.const_data_ptr<double>(), pointer_or_null<double>(residual), x.numel(), p, key,
                                   y.mutable_data_ptr<double>());
  }
  return y;
}

Tensor dropout_add_backward_meta(const Tensor& grad, double p, int64_t key) {
  return dropout_add_meta(grad, std::nullopt, p, key);
}

/// The gradient goes through the same mask, which is drawn again from the key.
Tensor dropout_add_backward_cpu(const Tensor& grad, double p, int64_t key) {
  return dropout_add_cpu(grad, std::nullopt, p, key);
}

}  // namespace

Tensor dropout_add(const Tensor& x, const std::optional<Tensor>& residual, double p, int64_t key) {
  static const auto op =
      find_operator<Tensor(const Tensor&, const std::optional<Tensor>&, double, int64_t)>("graphsieve::dropout_add");
  return op.call(x, residual, p, key);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def("dropout_add(Tensor x, Tensor? residual, float p, int key) -> Tensor");
  m.def("dropout_add_backward(Tensor grad, float p, int key) -> Tensor");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("dropout_add", graphsieve::ops::dropout_add_cpu);
  m.impl("dropout_add_backward", graphsieve::ops::dropout_add_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("dropout_add", graphsieve::ops::dropout_add_meta);
  m.impl("dropout_add_backward", graphsieve::ops::dropout_add_backward_meta);
}
