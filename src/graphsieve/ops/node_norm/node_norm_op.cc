// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/node_norm/node_norm.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/node_norm/node_norm_checks.h"
#include "graphsieve/ops/node_norm/node_norm_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Four = std::tuple<Tensor, Tensor, Tensor, Tensor>;

Three node_norm_meta(const Tensor& x, const Optional& mean_scale, const Tensor& weight, const Tensor& bias,
                     const Optional& mean, const Optional& var, double) {
  check_node_norm(x, mean_scale, weight, bias, mean, var);
  const auto column = [&] { return at::empty_symint({x.sym_size(1)}, x.options()); };
  return {at::empty_symint(x.sym_sizes(), x.options()), column(), column()};
}

/// Returns the tensors of a call in the form that the kernels use.
template <class T>
kernels::NodeNormArgs<T> arguments(const Tensor& x, const Optional& mean_scale, const Tensor& weight,
                                   const Optional& bias, double eps) {
  return {x.size(0),
          x.size(1),
          x.const_data_ptr<T>(),
          pointer_or_null<T>(mean_scale),
          weight.const_data_ptr<T>(),
          pointer_or_null<T>(bias),
          eps};
}

/// float32 uses the vector code, float64 the reference. Given statistics are copied to the results; otherwise they are
/// computed from x.
Three node_norm_cpu(const Tensor& x_any, const Optional& mean_scale_any, const Tensor& weight_any,
                    const Tensor& bias_any, const Optional& given_mean, const Optional& given_var, double eps) {
  check_node_norm(x_any, mean_scale_any, weight_any, bias_any, given_mean, given_var);
  const Tensor x = x_any.contiguous(), weight = weight_any.contiguous(), bias = bias_any.contiguous();
  const Optional mean_scale = contiguous(mean_scale_any);
  Tensor y = at::empty(x.sizes(), x.options());
  // The statistics that were used are results of the call, and a result must not share memory with an argument.
  const auto statistic = [&](const Optional& given) {
    return given ? given->clone(at::MemoryFormat::Contiguous) : at::empty({x.size(1)}, x.options());
  };
  Tensor mean = statistic(given_mean), var = statistic(given_var);
  if (x.scalar_type() == at::kFloat) {
    const auto a = arguments<float>(x, mean_scale, weight, bias, eps);
    if (!given_mean) kernels::node_norm_statistics(a, mean.mutable_data_ptr<float>(), var.mutable_data_ptr<float>());
    kernels::node_norm_apply(a, mean.const_data_ptr<float>(), var.const_data_ptr<float>(), y.mutable_data_ptr<float>());
  } else {
    const auto a = arguments<double>(x, mean_scale, weight, bias, eps);
    if (!given_mean) {
      kernels::node_norm_statistics_reference(a, mean.mutable_data_ptr<double>(), var.mutable_data_ptr<double>());
    }
    kernels::node_norm_apply_reference(a, mean.const_data_ptr<double>(), var.const_data_ptr<double>(),
                                       y.mutable_data_ptr<double>());
  }
  return {y, mean, var};
}

Four node_norm_backward_meta(const Tensor& grad, const Tensor& x, const Optional& mean_scale, const Tensor& weight,
                             const Tensor& mean, const Tensor& var, double, bool) {
  check_node_norm_backward(grad, x, mean_scale, weight, mean, var);
  const auto column = [&](const c10::SymInt& size) { return at::empty_symint({size}, x.options()); };
  const c10::SymInt D = x.sym_size(1);
  return {at::empty_symint(x.sym_sizes(), x.options()), column(mean_scale ? D : c10::SymInt(0)), column(D), column(D)};
}

/// batch_stats tells if the statistics were those of x, through which the gradient then flows.
Four node_norm_backward_cpu(const Tensor& grad_any, const Tensor& x_any, const Optional& mean_scale_any,
                            const Tensor& weight_any, const Tensor& mean_any, const Tensor& var_any, double eps,
                            bool batch_stats) {
  check_node_norm_backward(grad_any, x_any, mean_scale_any, weight_any, mean_any, var_any);
  const Tensor grad = grad_any.contiguous(), x = x_any.contiguous(), weight = weight_any.contiguous();
  const Tensor mean = mean_any.contiguous(), var = var_any.contiguous();
  const Optional mean_scale = contiguous(mean_scale_any);
  const int64_t D = x.size(1);
  Tensor dx = at::empty(x.sizes(), x.options()), d_mean_scale = at::empty({mean_scale ? D : 0}, x.options());
  Tensor dweight = at::empty({D}, x.options()), dbias = at::empty({D}, x.options());
  // Both kernels have the same arguments and differ in their type only.
  const auto run = [&]<class T>(T, const auto& backward) {
    const kernels::NodeNormGradients<T> to{dx.mutable_data_ptr<T>(),
                                           mean_scale ? d_mean_scale.mutable_data_ptr<T>() : nullptr,
                                           dweight.mutable_data_ptr<T>(), dbias.mutable_data_ptr<T>()};
    backward(arguments<T>(x, mean_scale, weight, std::nullopt, eps), grad.const_data_ptr<T>(), mean.const_data_ptr<T>(),
             var.const_data_ptr<T>(), batch_stats, to);
  };
  if (x.scalar_type() == at::kFloat) {
    run(float(), kernels::node_norm_backward);
  } else {
    run(double(), kernels::node_norm_backward_reference<double>);
  }
  return {dx, d_mean_scale, dweight, dbias};
}

}  // namespace

Three node_norm(const Tensor& x, const Optional& mean_scale, const Tensor& weight, const Tensor& bias,
                const Optional& mean, const Optional& var, double eps) {
  static const auto op = find_operator<Three(const Tensor&, const Optional&, const Tensor&, const Tensor&,
                                             const Optional&, const Optional&, double)>("graphsieve::node_norm");
  return op.call(x, mean_scale, weight, bias, mean, var, eps);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "node_norm(Tensor x, Tensor? mean_scale, Tensor weight, Tensor bias, Tensor? mean, Tensor? var, float eps) -> "
      "(Tensor y, Tensor mean, Tensor var)");
  m.def(
      "node_norm_backward(Tensor grad, Tensor x, Tensor? mean_scale, Tensor weight, Tensor mean, Tensor var, float "
      "eps, "
      "bool batch_stats) -> (Tensor, Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("node_norm", graphsieve::ops::node_norm_cpu);
  m.impl("node_norm_backward", graphsieve::ops::node_norm_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("node_norm", graphsieve::ops::node_norm_meta);
  m.impl("node_norm_backward", graphsieve::ops::node_norm_backward_meta);
}
