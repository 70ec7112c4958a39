// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/dropout_add/dropout_add.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;

struct DropoutAdd : torch::autograd::Function<DropoutAdd> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const std::optional<Tensor>& residual, double p, int64_t key) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->saved_data["p"] = p;
    context->saved_data["key"] = key;
    context->saved_data["has_residual"] = residual.has_value();
    return ops::dropout_add(x, residual, p, key);
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("dropout_add");
    static const auto op = find_operator<Tensor(const Tensor&, double, int64_t)>("graphsieve::dropout_add_backward");
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = op.call(grads[0], context->saved_data["p"].toDouble(), context->saved_data["key"].toInt());
    }
    return {dx, context->saved_data["has_residual"].toBool() ? grads[0] : Tensor(), Tensor(), Tensor()};
  }
};

Tensor dropout_add_autograd(const Tensor& x, const std::optional<Tensor>& residual, double p, int64_t key) {
  return DropoutAdd::apply(x, residual, p, key);
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("dropout_add", graphsieve::ops::dropout_add_autograd); }
