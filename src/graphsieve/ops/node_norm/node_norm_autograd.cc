// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/node_norm/node_norm.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using Optional = std::optional<Tensor>;

struct NodeNorm : torch::autograd::Function<NodeNorm> {
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& x, const Optional& mean_scale,
                               const Tensor& weight, const Tensor& bias, const Optional& given_mean,
                               const Optional& given_var, double eps) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    auto [y, mean, var] = ops::node_norm(x, mean_scale, weight, bias, given_mean, given_var, eps);
    context->save_for_backward({x, mean_scale.value_or(Tensor()), weight, mean, var});
    context->mark_non_differentiable({mean, var});
    context->saved_data["eps"] = eps;
    context->saved_data["batch_stats"] = !given_mean.has_value();
    return {y, mean, var};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("node_norm");
    using Signature = std::tuple<Tensor, Tensor, Tensor, Tensor>(
        const Tensor&, const Tensor&, const Optional&, const Tensor&, const Tensor&, const Tensor&, double, bool);
    static const auto op = find_operator<Signature>("graphsieve::node_norm_backward");
    const auto saved = context->get_saved_variables();
    const Optional mean_scale = saved[1].defined() ? Optional(saved[1]) : std::nullopt;
    auto [dx, d_mean_scale, dweight, dbias] =
        op.call(grads[0], saved[0], mean_scale, saved[2], saved[3], saved[4], context->saved_data["eps"].toDouble(),
                context->saved_data["batch_stats"].toBool());
    return {dx, mean_scale ? d_mean_scale : Tensor(), dweight, dbias, Tensor(), Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor, Tensor> node_norm_autograd(const Tensor& x, const Optional& mean_scale, const Tensor& weight,
                                                      const Tensor& bias, const Optional& mean, const Optional& var,
                                                      double eps) {
  const variable_list all = NodeNorm::apply(x, mean_scale, weight, bias, mean, var, eps);
  return {all[0], all[1], all[2]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("node_norm", graphsieve::ops::node_norm_autograd); }
