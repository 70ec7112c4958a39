// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>

#include "graphsieve/ops/absorbed_attention/absorbed_attention.h"
#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using torch::autograd::variable_list;
using AbsorbedMask = std::array<bool, 3>;

struct AbsorbedAttention : torch::autograd::Function<AbsorbedAttention> {
  // The differentiable inputs come first, because needs_input_grad counts only the tensors that are given.
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& query, const Tensor& rows,
                               const Tensor& type_bias, const Tensor& row_start, const Tensor& index,
                               const Tensor& type, const OptionalTensor& t_row_start, const OptionalTensor& t_index,
                               const OptionalTensor& t_type, double clamp, const OptionalTensor& log_weight,
                               double negative_slope) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    auto [out, log_sum] =
        ops::absorbed_attention(query, rows, {row_start, index, type, t_row_start, t_index, t_type, log_weight},
                                type_bias, clamp, negative_slope);
    context->save_for_backward({query, rows, type_bias, row_start, index, type, defined_or_empty(t_row_start),
                                defined_or_empty(t_index), defined_or_empty(t_type), out, log_sum,
                                defined_or_empty(log_weight)});
    context->saved_data["clamp"] = clamp;
    context->saved_data["negative_slope"] = negative_slope;
    context->mark_non_differentiable({log_sum});
    return {out, log_sum};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("absorbed_attention");
    static const auto op = find_operator<std::tuple<Tensor, Tensor, Tensor>(
        const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
        const Tensor&, const OptionalTensor&, const OptionalTensor&, const OptionalTensor&, const Tensor&, double,
        AbsorbedMask, const OptionalTensor&, double)>("graphsieve::absorbed_attention_backward");
    const auto s = context->get_saved_variables();
    const AbsorbedMask mask{context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)};
    auto [query, rows, bias] =
        op.call(grads[0], s[0], s[1], s[9], s[10], s[3], s[4], s[5], if_defined(s[6]), if_defined(s[7]),
                if_defined(s[8]), s[2], context->saved_data["clamp"].toDouble(), mask, if_defined(s[11]),
                context->saved_data["negative_slope"].toDouble());
    variable_list results(12);  // one per argument of forward(), undefined for those without a gradient
    if (mask[0]) results[0] = query;
    if (mask[1]) results[1] = rows;
    if (mask[2]) results[2] = bias;
    return results;
  }
};

std::tuple<Tensor, Tensor> absorbed_attention_autograd(const Tensor& query, const Tensor& rows, const Tensor& row_start,
                                                       const Tensor& index, const Tensor& type,
                                                       const OptionalTensor& t_row_start, const OptionalTensor& t_index,
                                                       const OptionalTensor& t_type, const Tensor& type_bias,
                                                       double clamp, const OptionalTensor& log_weight,
                                                       double negative_slope) {
  const auto results = AbsorbedAttention::apply(query, rows, type_bias, row_start, index, type, t_row_start, t_index,
                                                t_type, clamp, log_weight, negative_slope);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) {
  m.impl("absorbed_attention", graphsieve::ops::absorbed_attention_autograd);
}
