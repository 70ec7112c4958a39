// SPDX-License-Identifier: Apache-2.0
// The adapter of absorbed_attention, which calls the kernels of sparse_attention in their absorbed form.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>
#include <array>

#include "graphsieve/ops/absorbed_attention/absorbed_attention.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_attention/edge_arrays.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_checks.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"
#include "graphsieve/ops/sparse_attention/vector_calls.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using AbsorbedGrads = std::tuple<Tensor, Tensor, Tensor>;
using AbsorbedMask = std::array<bool, 3>;

/// Throws c10::Error if the shape or type of any argument does not fit.
void check_absorbed(const Tensor& query, const Tensor& rows, const Tensor& row_start, const Tensor& index,
                    const Tensor& type, const Tensor& type_bias, double clamp, const OptionalTensor& log_weight,
                    double negative_slope) {
  const auto kind = query.scalar_type();
  TORCH_CHECK(kind == at::kFloat || kind == at::kBFloat16 || kind == at::kDouble,
              "absorbed_attention: query must be float32, bfloat16 or float64, got ", kind);
  TORCH_CHECK(query.dim() == 4 && query.sym_size(1) > 0 && query.sym_size(3) > 0,
              "absorbed_attention: query must be [destinations, heads, queries, width], got ", query.sym_sizes());
  TORCH_CHECK(rows.dim() == 2 && rows.scalar_type() == kind && rows.sym_size(1) == query.sym_size(3),
              "absorbed_attention: rows must be ", kind, " [sources, ", query.sym_size(3), "], got ",
              rows.scalar_type(), " ", rows.sym_sizes());
  check_attention_edges("", row_start, index, type);
  TORCH_CHECK(row_start.sym_size(0) == query.sym_size(0) + 1, "absorbed_attention: row_start must have ",
              query.sym_size(0) + 1, " entries, one more than query has rows, got ", row_start.sym_size(0));
  TORCH_CHECK(type_bias.dim() == 2 && type_bias.scalar_type() == attention_sum_type(query) &&
                  type_bias.sym_size(1) == query.sym_size(1),
              "absorbed_attention: type_bias must be ", attention_sum_type(query), " [types, ", query.sym_size(1),
              "], got ", type_bias.scalar_type(), " ", type_bias.sym_sizes());
  TORCH_CHECK(query.sym_size(2) == 1 || query.sym_size(2) == type_bias.sym_size(0),
              "absorbed_attention: a head must have 1 query or ", type_bias.sym_size(0), ", one per type, got ",
              query.sym_size(2));
  TORCH_CHECK(clamp > 0, "absorbed_attention: clamp must be positive, got ", clamp);
  check_log_weight(log_weight, index);
  check_negative_slope(negative_slope);
}

/// The tensors of a call in the form that the kernels use.
struct Absorbed {
  Tensor query, rows, row_start, index, type, type_bias, log_weight;
  double clamp, negative_slope;

  kernels::TypedEdges edges() const { return typed_edges(row_start, index, type, log_weight); }

  template <class T, class Sum>
  kernels::SparseAttentionArgs<T, Sum> args() const {
    const int64_t heads = query.size(1), queries = query.size(2), width = query.size(3);
    return {query.size(0),
            rows.size(0),
            static_cast<int>(heads),
            width,
            width,
            static_cast<const T*>(query.const_data_ptr()),
            heads * queries * width,
            static_cast<const T*>(rows.const_data_ptr()),
            rows.stride(0),
            static_cast<int>(type_bias.size(0)),
            nullptr,
            type_bias.const_data_ptr<Sum>(),
            static_cast<Sum>(clamp),
            static_cast<Sum>(negative_slope),
            static_cast<int>(queries)};
  }
};

/// Checks the arguments and makes them contiguous where the kernels need it.
Absorbed absorbed(const Tensor& query, const Tensor& rows, const Tensor& row_start, const Tensor& index,
                  const Tensor& type, const Tensor& type_bias, double clamp, const OptionalTensor& log_weight,
                  double negative_slope) {
  check_absorbed(query, rows, row_start, index, type, type_bias, clamp, log_weight, negative_slope);
  return {query.contiguous(),
          with_contiguous_rows(rows),
          row_start.contiguous(),
          index.contiguous(),
          type.contiguous(),
          type_bias.contiguous(),
          log_weight ? log_weight->contiguous() : Tensor(),
          clamp,
          negative_slope};
}

std::tuple<Tensor, Tensor> empty_results(const Tensor& query) {
  return {at::empty_symint({query.sym_size(0), query.sym_size(1), query.sym_size(3)}, query.options()),
          at::empty_symint({query.sym_size(0), query.sym_size(1)}, query.options().dtype(attention_sum_type(query)))};
}

std::tuple<Tensor, Tensor> forward_meta(const Tensor& query, const Tensor& rows, const Tensor& row_start,
                                        const Tensor& index, const Tensor& type, const OptionalTensor&,
                                        const OptionalTensor&, const OptionalTensor&, const Tensor& type_bias,
                                        double clamp, const OptionalTensor& log_weight, double negative_slope) {
  check_absorbed(query, rows, row_start, index, type, type_bias, clamp, log_weight, negative_slope);
  return empty_results(query);
}

/// Calls the kernel for the rows' type; float64 is computed by the reference.
std::tuple<Tensor, Tensor> forward_cpu(const Tensor& query, const Tensor& rows, const Tensor& row_start,
                                       const Tensor& index, const Tensor& type, const OptionalTensor&,
                                       const OptionalTensor&, const OptionalTensor&, const Tensor& type_bias,
                                       double clamp, const OptionalTensor& log_weight, double negative_slope) {
  const Absorbed o = absorbed(query, rows, row_start, index, type, type_bias, clamp, log_weight, negative_slope);
  auto [out, log_sum] = empty_results(query);
  if (query.scalar_type() == at::kDouble) {
    kernels::sparse_attention_forward_reference(o.args<double, double>(), o.edges(), out.mutable_data_ptr<double>(),
                                                log_sum.mutable_data_ptr<double>());
  } else {
    run_forward(o, out, log_sum);
  }
  return {out, log_sum};
}

AbsorbedGrads backward_meta(const Tensor&, const Tensor& query, const Tensor& rows, const Tensor&, const Tensor&,
                            const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&, const OptionalTensor&,
                            const OptionalTensor&, const Tensor& type_bias, double, AbsorbedMask, const OptionalTensor&,
                            double) {
  // Memory as large as that in which the kernels pack the rows of every destination and head (queries, gradient,
  // statistics; see backward-inl.h). It exists only for callers that count the memory of a pass.
  Tensor packed;
  if (!query.sym_numel().is_symbolic()) {
    const int64_t row = (query.size(2) + 1) * query.size(3) * static_cast<int64_t>(query.element_size()) + 16;
    packed = at::empty({query.size(0) * query.size(1), (row + 63) / 64 * 64}, query.options().dtype(at::kByte));
  }
  return {at::empty_symint(query.sym_sizes(), query.options()), at::empty_symint(rows.sym_sizes(), rows.options()),
          at::empty_symint(type_bias.sym_sizes(), type_bias.options())};
}

/// Returns the memory of the gradients; that of the bias is null if `mask` does not ask for it.
template <class T, class Sum>
kernels::SparseAttentionGradients<T, Sum> destinations_of(const AbsorbedGrads& g, AbsorbedMask mask) {
  const auto& [query, rows, bias] = g;
  return {static_cast<T*>(query.mutable_data_ptr()), static_cast<T*>(rows.mutable_data_ptr()), nullptr,
          mask[2] ? bias.mutable_data_ptr<Sum>() : nullptr};
}

AbsorbedGrads backward_cpu(const Tensor& grad, const Tensor& query, const Tensor& rows, const Tensor& out,
                           const Tensor& log_sum, const Tensor& row_start, const Tensor& index, const Tensor& type,
                           const OptionalTensor& t_row_start, const OptionalTensor& t_index,
                           const OptionalTensor& t_type, const Tensor& type_bias, double clamp, AbsorbedMask mask,
                           const OptionalTensor& log_weight, double negative_slope) {
  const Absorbed o = absorbed(query, rows, row_start, index, type, type_bias, clamp, log_weight, negative_slope);
  check_square_without_transpose(t_row_start, query.size(0), rows.size(0));
  AbsorbedGrads g{at::empty(query.sizes(), query.options()), at::empty(rows.sizes(), rows.options()),
                  at::empty(type_bias.sizes(), type_bias.options())};
  const Tensor out_c = out.contiguous(), grad_c = grad.contiguous(), log_sum_c = log_sum.contiguous();
  // The reference needs no transpose: it adds each edge to the gradients of both its ends.
  if (query.scalar_type() == at::kDouble) {
    kernels::sparse_attention_backward_reference(o.args<double, double>(), o.edges(), out_c.const_data_ptr<double>(),
                                                 log_sum_c.const_data_ptr<double>(), grad_c.const_data_ptr<double>(),
                                                 destinations_of<double, double>(g, mask));
    return g;
  }
  const EdgesBySource transpose(o.edges(), {o.row_start, o.index, o.type, t_row_start, t_index, t_type}, rows.size(0));
  run_backward(o, transpose.edges(), out_c, log_sum_c, grad_c,
               [&]<class T>(T) { return destinations_of<T, float>(g, mask); });
  return g;
}

Tensor scores_meta(const Tensor& query, const Tensor&, const Tensor&, const Tensor& index, const Tensor&, const Tensor&,
                   double, const Tensor&, const OptionalTensor&, double) {
  return at::empty_symint({index.sym_size(0), query.sym_size(1)}, query.options().dtype(attention_sum_type(query)));
}

Tensor scores_cpu(const Tensor& query, const Tensor& rows, const Tensor& row_start, const Tensor& index,
                  const Tensor& type, const Tensor& type_bias, double clamp, const Tensor& log_sum,
                  const OptionalTensor& log_weight, double negative_slope) {
  const Absorbed o = absorbed(query, rows, row_start, index, type, type_bias, clamp, log_weight, negative_slope);
  Tensor scores = at::empty({index.size(0), query.size(1)}, query.options().dtype(attention_sum_type(query)));
  const Tensor sums = log_sum.contiguous();
  if (query.scalar_type() == at::kDouble) {
    kernels::sparse_attention_scores_reference(o.args<double, double>(), o.edges(), sums.const_data_ptr<double>(),
                                               scores.mutable_data_ptr<double>());
  } else {
    run_scores(o, query, sums, scores);
  }
  return scores;
}

}  // namespace

std::tuple<Tensor, Tensor> absorbed_attention(const Tensor& query, const Tensor& rows, const AttentionEdges& edges,
                                              const Tensor& type_bias, double clamp, double negative_slope) {
  static const auto op = find_operator<std::tuple<Tensor, Tensor>(
      const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&,
      const OptionalTensor&, const OptionalTensor&, const Tensor&, double, const OptionalTensor&, double)>(
      "graphsieve::absorbed_attention");
  return op.call(query, rows, edges.row_start, edges.index, edges.type, edges.t_row_start, edges.t_index, edges.t_type,
                 type_bias, clamp, edges.log_weight, negative_slope);
}

Tensor absorbed_attention_scores(const Tensor& query, const Tensor& rows, const AttentionEdges& edges,
                                 const Tensor& type_bias, double clamp, const Tensor& log_sum, double negative_slope) {
  static const auto op = find_operator<Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                              const Tensor&, double, const Tensor&, const OptionalTensor&, double)>(
      "graphsieve::absorbed_attention_scores");
  return op.call(query, rows, edges.row_start, edges.index, edges.type, type_bias, clamp, log_sum, edges.log_weight,
                 negative_slope);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "absorbed_attention(Tensor query, Tensor rows, Tensor row_start, Tensor index, Tensor type, "
      "Tensor? t_row_start, Tensor? t_index, Tensor? t_type, Tensor type_bias, float clamp, Tensor? log_weight=None, "
      "float negative_slope=1) -> (Tensor, Tensor)");
  m.def(
      "absorbed_attention_backward(Tensor grad, Tensor query, Tensor rows, Tensor out, Tensor log_sum, "
      "Tensor row_start, Tensor index, Tensor type, Tensor? t_row_start, Tensor? t_index, Tensor? t_type, "
      "Tensor type_bias, float clamp, bool[3] mask, Tensor? log_weight=None, float negative_slope=1) -> "
      "(Tensor, Tensor, Tensor)");
  m.def(
      "absorbed_attention_scores(Tensor query, Tensor rows, Tensor row_start, Tensor index, Tensor type, "
      "Tensor type_bias, float clamp, Tensor log_sum, Tensor? log_weight=None, float negative_slope=1) -> Tensor");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("absorbed_attention", graphsieve::ops::forward_cpu);
  m.impl("absorbed_attention_backward", graphsieve::ops::backward_cpu);
  m.impl("absorbed_attention_scores", graphsieve::ops::scores_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("absorbed_attention", graphsieve::ops::forward_meta);
  m.impl("absorbed_attention_backward", graphsieve::ops::backward_meta);
  m.impl("absorbed_attention_scores", graphsieve::ops::scores_meta);
}
