// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using Optional = std::optional<Tensor>;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

struct NormReluUnit : torch::autograd::Function<NormReluUnit> {
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                               const Tensor& bias, const Optional& given_mean, const Optional& given_var, double eps,
                               double least) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    auto [y, mean, var] = ops::norm_relu_unit(x, weight, bias, given_mean, given_var, eps, least);
    context->save_for_backward({x, weight, bias, mean, var});
    context->mark_non_differentiable({mean, var});
    context->saved_data["eps"] = eps;
    context->saved_data["least"] = least;
    context->saved_data["batch_stats"] = !given_mean.has_value();
    return {y, mean, var};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("norm_relu_unit");
    static const auto op =
        find_operator<ThreeTensors(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                   const Tensor&, double, double, bool)>("graphsieve::norm_relu_unit_backward");
    const auto saved = context->get_saved_variables();
    auto [dx, dweight, dbias] =
        op.call(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4], context->saved_data["eps"].toDouble(),
                context->saved_data["least"].toDouble(), context->saved_data["batch_stats"].toBool());
    return {dx, dweight, dbias, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

ThreeTensors norm_relu_unit_autograd(const Tensor& x, const Tensor& weight, const Tensor& bias, const Optional& mean,
                                     const Optional& var, double eps, double least) {
  const variable_list all = NormReluUnit::apply(x, weight, bias, mean, var, eps, least);
  return {all[0], all[1], all[2]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("norm_relu_unit", graphsieve::ops::norm_relu_unit_autograd); }
