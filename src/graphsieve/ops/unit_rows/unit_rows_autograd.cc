// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/unit_rows/unit_rows.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using torch::autograd::variable_list;
using Optional = std::optional<Tensor>;

struct UnitRows : torch::autograd::Function<UnitRows> {
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& x, const Optional& scale,
                               double least, int64_t first) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    static const auto op = find_operator<std::tuple<Tensor, Tensor>(const Tensor&, double, int64_t, const Optional&)>(
        "graphsieve::unit_rows");
    auto [y, divisor] = op.call(x, least, first, scale);
    context->save_for_backward({x, divisor, defined_or_empty(scale)});
    context->saved_data["least"] = least;
    context->saved_data["first"] = first;
    context->mark_non_differentiable({divisor});
    return {y, divisor};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("unit_rows");
    static const auto op =
        find_operator<std::tuple<Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, double, int64_t,
                                                 const Optional&)>("graphsieve::unit_rows_backward");
    const auto saved = context->get_saved_variables();
    const Optional scale = if_defined(saved[2]);
    auto [dx, dscale] = op.call(grads[0], saved[0], saved[1], context->saved_data["least"].toDouble(),
                                context->saved_data["first"].toInt(), scale);
    return {dx, scale ? dscale : Tensor(), Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor> unit_rows_autograd(const Tensor& x, double least, int64_t first, const Optional& scale) {
  const auto results = UnitRows::apply(x, scale, least, first);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("unit_rows", graphsieve::ops::unit_rows_autograd); }
