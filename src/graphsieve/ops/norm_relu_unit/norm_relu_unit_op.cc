// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/node_norm/node_norm.h"
#include "graphsieve/ops/node_norm/node_norm_kernel.h"
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit.h"
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit_kernel.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"
#include "graphsieve/ops/unit_rows/unit_rows.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

void check_norm_relu_unit(const Tensor& x, const Tensor& weight, const Tensor& bias, const Optional& mean,
                          const Optional& var, double least) {
  check_floating("norm_relu_unit", "x", x);
  TORCH_CHECK(x.dim() == 2, "norm_relu_unit: x must be [n, D], got ", x.sym_sizes());
  const auto check_column = [&](const char* name, const Tensor& t) {
    check_like("norm_relu_unit", name, t, "[D]", {x.sym_size(1)}, x);
  };
  check_column("weight", weight);
  check_column("bias", bias);
  TORCH_CHECK(mean.has_value() == var.has_value(), "norm_relu_unit: give both mean and var, or none of them");
  if (mean) check_column("mean", *mean), check_column("var", *var);
  TORCH_CHECK(least > 0, "norm_relu_unit: least must be above 0, got ", least);
}

template <class T>
kernels::NormReluUnitArgs<T> norm_arguments(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                            const Tensor& mean, const Tensor& var, double eps, double least) {
  return {x.const_data_ptr<T>(),
          x.size(0),
          x.size(1),
          weight.const_data_ptr<T>(),
          bias.const_data_ptr<T>(),
          mean.const_data_ptr<T>(),
          var.const_data_ptr<T>(),
          eps,
          static_cast<T>(least)};
}

/// Computes the mean and the biased variance of the columns of x.
template <class T>
void statistics(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps, Tensor& mean, Tensor& var) {
  const kernels::NodeNormArgs<T> a{
      x.size(0), x.size(1), x.const_data_ptr<T>(), nullptr, weight.const_data_ptr<T>(), bias.const_data_ptr<T>(), eps};
  if constexpr (std::is_same_v<T, float>)
    kernels::node_norm_statistics(a, mean.mutable_data_ptr<T>(), var.mutable_data_ptr<T>());
  else
    kernels::node_norm_statistics_reference(a, mean.mutable_data_ptr<T>(), var.mutable_data_ptr<T>());
}

ThreeTensors norm_relu_unit_meta(const Tensor& x, const Tensor& weight, const Tensor& bias, const Optional& mean,
                                 const Optional& var, double, double least) {
  check_norm_relu_unit(x, weight, bias, mean, var, least);
  const auto column = [&] { return at::empty_symint({x.sym_size(1)}, x.options()); };
  return {at::empty_symint(x.sym_sizes(), x.options()), column(), column()};
}

ThreeTensors norm_relu_unit_cpu(const Tensor& x_any, const Tensor& weight_any, const Tensor& bias_any,
                                const Optional& given_mean, const Optional& given_var, double eps, double least) {
  check_norm_relu_unit(x_any, weight_any, bias_any, given_mean, given_var, least);
  const Tensor x = x_any.contiguous(), weight = weight_any.contiguous(), bias = bias_any.contiguous();
  // The statistics that were used are results of the call, and a result must not share memory with an argument.
  const auto statistic = [&](const Optional& given) {
    return given ? given->clone(at::MemoryFormat::Contiguous) : at::empty({x.size(1)}, x.options());
  };
  Tensor y = at::empty(x.sizes(), x.options()), mean = statistic(given_mean), var = statistic(given_var);
  const auto run = [&]<class T>(T) {
    if (!given_mean) statistics<T>(x, weight, bias, eps, mean, var);
    kernels::norm_relu_unit(norm_arguments<T>(x, weight, bias, mean, var, eps, least), y.mutable_data_ptr<T>());
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {y, mean, var};
}

ThreeTensors norm_relu_unit_backward_meta(const Tensor&, const Tensor& x, const Tensor& weight, const Tensor& bias,
                                          const Tensor&, const Tensor&, double, double, bool) {
  return {at::empty_symint(x.sym_sizes(), x.options()), at::empty_symint(weight.sym_sizes(), weight.options()),
          at::empty_symint(bias.sym_sizes(), bias.options())};
}

ThreeTensors norm_relu_unit_backward_cpu(const Tensor& grad_any, const Tensor& x_any, const Tensor& weight_any,
                                         const Tensor& bias_any, const Tensor& mean_any, const Tensor& var_any,
                                         double eps, double least, bool batch_stats) {
  check_norm_relu_unit(x_any, weight_any, bias_any, mean_any, var_any, least);
  check_like("norm_relu_unit_backward", "grad", grad_any, "the shape of x", x_any.sym_sizes(), x_any);
  const Tensor grad = grad_any.contiguous(), x = x_any.contiguous(), weight = weight_any.contiguous(),
               bias = bias_any.contiguous(), mean = mean_any.contiguous(), var = var_any.contiguous();
  Tensor dx = at::empty(x.sizes(), x.options()), dweight = at::empty(weight.sizes(), x.options()),
         dbias = at::empty(bias.sizes(), x.options());
  const auto run = [&]<class T>(T) {
    kernels::norm_relu_unit_backward<T>(
        norm_arguments<T>(x, weight, bias, mean, var, eps, least), grad.const_data_ptr<T>(), batch_stats,
        {dx.mutable_data_ptr<T>(), dweight.mutable_data_ptr<T>(), dbias.mutable_data_ptr<T>()});
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {dx, dweight, dbias};
}

}  // namespace

ThreeTensors norm_relu_unit(const Tensor& x, const Tensor& weight, const Tensor& bias, const Optional& mean,
                            const Optional& var, double eps, double least) {
  if (!on_host(x)) {
    auto [normed, used_mean, used_var] = node_norm(x, {}, weight, bias, mean, var, eps);
    return {unit_rows(relu_dropout(normed, 0, 0), least), used_mean, used_var};
  }
  static const auto op = find_operator<ThreeTensors(const Tensor&, const Tensor&, const Tensor&, const Optional&,
                                                    const Optional&, double, double)>("graphsieve::norm_relu_unit");
  return op.call(x, weight, bias, mean, var, eps, least);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "norm_relu_unit(Tensor x, Tensor weight, Tensor bias, Tensor? mean, Tensor? var, float eps, float least) -> "
      "(Tensor y, Tensor mean, Tensor var)");
  m.def(
      "norm_relu_unit_backward(Tensor grad, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor var, float eps, "
      "float least, bool batch_stats) -> (Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("norm_relu_unit", graphsieve::ops::norm_relu_unit_cpu);
  m.impl("norm_relu_unit_backward", graphsieve::ops::norm_relu_unit_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("norm_relu_unit", graphsieve::ops::norm_relu_unit_meta);
  m.impl("norm_relu_unit_backward", graphsieve::ops::norm_relu_unit_backward_meta);
}
