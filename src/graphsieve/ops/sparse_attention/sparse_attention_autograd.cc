// SPDX-License-Identifier: Apache-2.0
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using torch::autograd::variable_list;
using AttentionMask = std::array<bool, 5>;

struct SparseAttention : torch::autograd::Function<SparseAttention> {
  // The differentiable inputs come first, because needs_input_grad counts only the tensors that are given.
  static variable_list forward(torch::autograd::AutogradContext* context, const Tensor& query, const Tensor& key_value,
                               const Tensor& type_scale, const Tensor& type_bias, const OptionalTensor& features,
                               const Tensor& row_start, const Tensor& index, const Tensor& type,
                               const OptionalTensor& t_row_start, const OptionalTensor& t_index,
                               const OptionalTensor& t_type, int64_t heads, double clamp,
                               const OptionalTensor& log_weight, double negative_slope,
                               const OptionalTensor& feature_row, const OptionalTensor& t_feature_row, double dropout,
                               int64_t dropout_key) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    auto [out, log_sum] = ops::sparse_attention(query, key_value,
                                                {row_start, index, type, t_row_start, t_index, t_type, log_weight,
                                                 features, feature_row, t_feature_row, dropout, dropout_key},
                                                type_scale, type_bias, heads, clamp, negative_slope);
    context->save_for_backward({query, key_value, type_scale, type_bias, row_start, index, type,
                                defined_or_empty(t_row_start), defined_or_empty(t_index), defined_or_empty(t_type), out,
                                log_sum, defined_or_empty(log_weight), defined_or_empty(features),
                                defined_or_empty(feature_row), defined_or_empty(t_feature_row)});
    context->saved_data["heads"] = heads;
    context->saved_data["clamp"] = clamp;
    context->saved_data["negative_slope"] = negative_slope;
    context->saved_data["dropout"] = dropout;
    context->saved_data["dropout_key"] = dropout_key;
    context->mark_non_differentiable({log_sum});
    return {out, log_sum};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    check_first_derivative("sparse_attention");
    static const auto op = find_operator<std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>(
        const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
        const Tensor&, const OptionalTensor&, const OptionalTensor&, const OptionalTensor&, const Tensor&,
        const Tensor&, int64_t, double, AttentionMask, const OptionalTensor&, double, const OptionalTensor&,
        const OptionalTensor&, const OptionalTensor&, double, int64_t)>("graphsieve::sparse_attention_backward");
    // The mask names the inputs that need a gradient. The kernels skip the sums per edge type that nothing needs.
    const auto s = context->get_saved_variables();
    const AttentionMask mask{context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2),
                             context->needs_input_grad(3), s[13].defined() && context->needs_input_grad(4)};
    auto [query, key_value, scale, bias, features] = op.call(
        grads[0], s[0], s[1], s[10], s[11], s[4], s[5], s[6], if_defined(s[7]), if_defined(s[8]), if_defined(s[9]),
        s[2], s[3], context->saved_data["heads"].toInt(), context->saved_data["clamp"].toDouble(), mask,
        if_defined(s[12]), context->saved_data["negative_slope"].toDouble(), if_defined(s[13]), if_defined(s[14]),
        if_defined(s[15]), context->saved_data["dropout"].toDouble(), context->saved_data["dropout_key"].toInt());
    const Tensor none;
    // The results are in the order of forward's inputs.
    return {mask[0] ? query : none,
            mask[1] ? key_value : none,
            mask[2] ? scale : none,
            mask[3] ? bias : none,
            mask[4] ? features : none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            none};
  }
};

std::tuple<Tensor, Tensor> sparse_attention_autograd(
    const Tensor& query, const Tensor& key_value, const Tensor& row_start, const Tensor& index, const Tensor& type,
    const OptionalTensor& t_row_start, const OptionalTensor& t_index, const OptionalTensor& t_type,
    const Tensor& type_scale, const Tensor& type_bias, int64_t heads, double clamp, const OptionalTensor& log_weight,
    double negative_slope, const OptionalTensor& features, const OptionalTensor& feature_row,
    const OptionalTensor& t_feature_row, double dropout, int64_t dropout_key) {
  const auto results = SparseAttention::apply(query, key_value, type_scale, type_bias, features, row_start, index, type,
                                              t_row_start, t_index, t_type, heads, clamp, log_weight, negative_slope,
                                              feature_row, t_feature_row, dropout, dropout_key);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, Autograd, m) { m.impl("sparse_attention", graphsieve::ops::sparse_attention_autograd); }
