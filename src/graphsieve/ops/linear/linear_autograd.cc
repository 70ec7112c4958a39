// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/linear/linear.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using LinearMask = std::array<bool, 3>;

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->save_for_backward({x, weight});
    context->saved_data["has_bias"] = bias.has_value();
    return ops::linear(x, weight, bias);
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("linear");
    static const auto op =
        find_operator<std::tuple<Tensor, Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, LinearMask)>(
            "graphsieve::linear_backward");
    const auto saved = context->get_saved_variables();
    const bool has_bias = context->saved_data["has_bias"].toBool();  // an absent tensor has no gradient to ask for
    const LinearMask mask{context->needs_input_grad(0), context->needs_input_grad(1),
                          has_bias && context->needs_input_grad(2)};
    auto [dx, dweight, dbias] = op.call(grads[0], saved[0], saved[1], mask);
    return {mask[0] ? dx.to(saved[0].scalar_type()) : Tensor(), mask[1] ? dweight : Tensor(),
            mask[2] ? dbias : Tensor()};
  }
};

Tensor linear_autograd(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  return Linear::apply(x, weight, bias);
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("linear", graphsieve::ops::linear_autograd); }
