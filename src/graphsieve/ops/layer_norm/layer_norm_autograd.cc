// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/layer_norm/layer_norm.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

struct LayerNorm : torch::autograd::Function<LayerNorm> {
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                               const Tensor& bias, double eps) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    static const auto op =
        find_operator<ThreeTensors(const Tensor&, const Tensor&, const Tensor&, double)>("graphsieve::layer_norm");
    auto [y, mean, inverse] = op.call(x, weight, bias, eps);
    context->save_for_backward({x, weight, bias, mean, inverse});
    context->saved_data["eps"] = eps;
    context->mark_non_differentiable({mean, inverse});
    return {y, mean, inverse};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("layer_norm");
    static const auto op =
        find_operator<ThreeTensors(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                   const Tensor&, double)>("graphsieve::layer_norm_backward");
    const auto saved = context->get_saved_variables();
    auto [dx, dweight, dbias] =
        op.call(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4], context->saved_data["eps"].toDouble());
    return {dx, dweight, dbias, Tensor()};
  }
};

ThreeTensors layer_norm_autograd(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const auto results = LayerNorm::apply(x, weight, bias, eps);
  return {results[0], results[1], results[2]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("layer_norm", graphsieve::ops::layer_norm_autograd); }
