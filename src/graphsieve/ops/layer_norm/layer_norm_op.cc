// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/layer_norm/layer_norm.h"
#include "graphsieve/ops/layer_norm/layer_norm_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

void check_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_floating("layer_norm", "x", x);
  TORCH_CHECK(x.dim() == 2 && x.sym_size(1) > 0, "layer_norm: x must be [n, width], got ", x.sym_sizes());
  check_like("layer_norm", "weight", weight, "[width]", {x.sym_size(1)}, x);
  check_like("layer_norm", "bias", bias, "[width]", {x.sym_size(1)}, x);
  TORCH_CHECK(eps > 0, "layer_norm: eps must be above 0, got ", eps);
}

template <class T>
kernels::LayerNormArgs<T> norm_arguments(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return {x.const_data_ptr<T>(),    x.size(0),          x.size(1), weight.const_data_ptr<T>(),
          bias.const_data_ptr<T>(), static_cast<T>(eps)};
}

ThreeTensors layer_norm_meta(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_layer_norm(x, weight, bias, eps);
  const auto of_rows = [&] { return at::empty_symint({x.sym_size(0)}, x.options()); };
  return {at::empty_symint(x.sym_sizes(), x.options()), of_rows(), of_rows()};
}

ThreeTensors layer_norm_cpu(const Tensor& x_any, const Tensor& weight_any, const Tensor& bias_any, double eps) {
  check_layer_norm(x_any, weight_any, bias_any, eps);
  const Tensor x = x_any.contiguous(), weight = weight_any.contiguous(), bias = bias_any.contiguous();
  Tensor y = at::empty(x.sizes(), x.options()), mean = at::empty({x.size(0)}, x.options()),
         inverse = at::empty_like(mean);
  const auto run = [&]<class T>(T) {
    kernels::layer_norm<T>(norm_arguments<T>(x, weight, bias, eps), y.mutable_data_ptr<T>(), mean.mutable_data_ptr<T>(),
                           inverse.mutable_data_ptr<T>());
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {y, mean, inverse};
}

ThreeTensors layer_norm_backward_meta(const Tensor&, const Tensor& x, const Tensor& weight, const Tensor& bias,
                                      const Tensor&, const Tensor&, double) {
  return {at::empty_symint(x.sym_sizes(), x.options()), at::empty_symint(weight.sym_sizes(), weight.options()),
          at::empty_symint(bias.sym_sizes(), bias.options())};
}

ThreeTensors layer_norm_backward_cpu(const Tensor& grad_any, const Tensor& x_any, const Tensor& weight_any,
                                     const Tensor& bias_any, const Tensor& mean, const Tensor& inverse, double eps) {
  check_layer_norm(x_any, weight_any, bias_any, eps);
  check_like("layer_norm_backward", "grad", grad_any, "the shape of x", x_any.sym_sizes(), x_any);
  const Tensor grad = grad_any.contiguous(), x = x_any.contiguous(), weight = weight_any.contiguous(),
               bias = bias_any.contiguous(), means = mean.contiguous(), inverses = inverse.contiguous();
  Tensor dx = at::empty(x.sizes(), x.options()), dweight = at::empty(weight.sizes(), x.options()),
         dbias = at::empty(bias.sizes(), x.options());
  const auto run = [&]<class T>(T) {
    kernels::layer_norm_backward<T>(norm_arguments<T>(x, weight, bias, eps), means.const_data_ptr<T>(),
                                    inverses.const_data_ptr<T>(), grad.const_data_ptr<T>(), dx.mutable_data_ptr<T>(),
                                    dweight.mutable_data_ptr<T>(), dbias.mutable_data_ptr<T>());
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {dx, dweight, dbias};
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  if (!on_host(x)) return at::layer_norm(x, {x.size(1)}, weight, bias, eps);
  static const auto op =
      find_operator<ThreeTensors(const Tensor&, const Tensor&, const Tensor&, double)>("graphsieve::layer_norm");
  return std::get<0>(op.call(x, weight, bias, eps));
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def("layer_norm(Tensor x, Tensor weight, Tensor bias, float eps) -> (Tensor y, Tensor mean, Tensor inverse)");
  m.def(
      "layer_norm_backward(Tensor grad, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverse, float eps) "
      "-> "
      "(Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("layer_norm", graphsieve::ops::layer_norm_cpu);
  m.impl("layer_norm_backward", graphsieve::ops::layer_norm_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("layer_norm", graphsieve::ops::layer_norm_meta);
  m.impl("layer_norm_backward", graphsieve::ops::layer_norm_backward_meta);
}
