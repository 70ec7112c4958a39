// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;

struct ReluDropout : torch::autograd::Function<ReluDropout> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, double p, int64_t key) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->saved_data["p"] = p;
    Tensor y = ops::relu_dropout(x, p, key);
    context->save_for_backward({y});
    return y;
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("relu_dropout");
    static const auto op =
        find_operator<Tensor(const Tensor&, const Tensor&, double)>("graphsieve::relu_dropout_backward");
    const auto saved = context->get_saved_variables();
    return {op.call(grads[0], saved[0], context->saved_data["p"].toDouble()), Tensor(), Tensor()};
  }
};

Tensor relu_dropout_autograd(const Tensor& x, double p, int64_t key) { return ReluDropout::apply(x, p, key); }

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("relu_dropout", graphsieve::ops::relu_dropout_autograd); }
