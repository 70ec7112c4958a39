// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_linear/sparse_linear.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using Optional = std::optional<Tensor>;

struct SparseLinear : torch::autograd::Function<SparseLinear> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& row_start, const Tensor& column,
                        const Tensor& value, const Tensor& t_row_start, const Tensor& t_row, const Tensor& t_value,
                        const Tensor& weight, const Optional& bias) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->save_for_backward({t_row_start, t_row, t_value});
    context->saved_data["has_bias"] = bias.has_value();
    return ops::sparse_linear(row_start, column, value, t_row_start, t_row, t_value, weight, bias);
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("sparse_linear");
    using Signature = std::tuple<Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool);
    static const auto op = find_operator<Signature>("graphsieve::sparse_linear_backward");
    const auto saved = context->get_saved_variables();
    const bool has_bias = context->saved_data["has_bias"].toBool();
    auto [dweight, dbias] = op.call(grads[0], saved[0], saved[1], saved[2], has_bias);
    const Tensor none;
    return {none, none, none, none, none, none, dweight, has_bias ? dbias : none};
  }
};

Tensor sparse_linear_autograd(const Tensor& row_start, const Tensor& column, const Tensor& value,
                              const Tensor& t_row_start, const Tensor& t_row, const Tensor& t_value,
                              const Tensor& weight, const Optional& bias) {
  return SparseLinear::apply(row_start, column, value, t_row_start, t_row, t_value, weight, bias);
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("sparse_linear", graphsieve::ops::sparse_linear_autograd); }
