// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_checks.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;

Tensor relu_dropout_meta(const Tensor& x, double p, int64_t) {
  check_relu_dropout(x, p);
  return at::empty_symint(x.sym_sizes(), x.options());
}

/// float32 uses the vector code, float64 the reference.
Tensor relu_dropout_cpu(const Tensor& x_any, double p, int64_t key) {
  check_relu_dropout(x_any, p);
  const Tensor x = x_any.contiguous();
  Tensor y = at::empty(x.sizes(), x.options());
  if (x.scalar_type() == at::kFloat) {
    kernels::relu_dropout(x.const_data_ptr<float>(), x.numel(), p, key, y.mutable_data_ptr<float>());
  } else {
    kernels::relu_dropout_reference(x.const_data_ptr<double>(), x.numel(), p, key, y.mutable_data_ptr<double>());
  }
  return y;
}

Tensor relu_dropout_backward_meta(const Tensor& grad, const Tensor& y, double p) {
  check_relu_dropout(y, p);
  check_like("relu_dropout_backward", "grad", grad, "the shape of y", y.sym_sizes(), y);
  return at::empty_symint(y.sym_sizes(), y.options());
}

/// The zeros of y show which elements have no gradient.
Tensor relu_dropout_backward_cpu(const Tensor& grad_any, const Tensor& y_any, double p) {
  check_relu_dropout(y_any, p);
  check_like("relu_dropout_backward", "grad", grad_any, "the shape of y", y_any.sym_sizes(), y_any);
  const Tensor grad = grad_any.contiguous(), y = y_any.contiguous();
  Tensor dx = at::empty(y.sizes(), y.options());
  if (y.scalar_type() == at::kFloat) {
    kernels::relu_dropout_backward(grad.const_data_ptr<float>(), y.const_data_ptr<float>(), y.numel(), p,
                                   dx.mutable_data_ptr<float>());
  } else {
    kernels::relu_dropout_backward_reference(grad.const_data_ptr<double>(), y.const_data_ptr<double>(), y.numel(), p,
                                             dx.mutable_data_ptr<double>());
  }
  return dx;
}

}  // namespace

Tensor relu_dropout(const Tensor& x, double p, int64_t key) {
  static const auto op = find_operator<Tensor(const Tensor&, double, int64_t)>("graphsieve::relu_dropout");
  return op.call(x, p, key);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def("relu_dropout(Tensor x, float p, int key) -> Tensor");
  m.def("relu_dropout_backward(Tensor grad, Tensor y, float p) -> Tensor");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("relu_dropout", graphsieve::ops::relu_dropout_cpu);
  m.impl("relu_dropout_backward", graphsieve::ops::relu_dropout_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("relu_dropout", graphsieve::ops::relu_dropout_meta);
  m.impl("relu_dropout_backward", graphsieve::ops::relu_dropout_backward_meta);
}
