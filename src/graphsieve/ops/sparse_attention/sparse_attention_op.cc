// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_attention/edge_arrays.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_checks.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"
#include "graphsieve/ops/sparse_attention/vector_calls.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using SparseAttentionGrads = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>;
using AttentionMask = std::array<bool, 5>;

/// The tensors of a call in the form that the kernels use.
struct Operands {
  Tensor query, key_value, row_start, index, type, type_scale, type_bias;
  int64_t heads;
  double clamp;
  Tensor log_weight;  ///< undefined: no weights
  double negative_slope;
  Tensor features, feature_row;  ///< undefined: edges have no features
  kernels::AttentionDropout dropout = {};

  kernels::TypedEdges edges() const { return typed_edges(row_start, index, type, log_weight, feature_row); }
  /// Returns the columns of the edge queries.
  int64_t edge_columns() const { return features.defined() ? heads * features.size(1) : 0; }
  /// Returns the widths of keys and values, all heads together.
  int64_t keys() const { return query.size(1) - edge_columns(); }
  int64_t values() const { return key_value.size(1) - keys(); }

  template <class T, class Sum>
  kernels::SparseAttentionArgs<T, Sum> args() const {
    kernels::EdgeFeatures<T> edge;
    if (features.defined())
      edge = {features.size(1), static_cast<const T*>(features.const_data_ptr()), features.stride(0),
              static_cast<const T*>(query.const_data_ptr()) + keys(), query.stride(0)};
    return {query.size(0),
            key_value.size(0),
            static_cast<int>(heads),
            keys() / heads,
            values() / heads,
            static_cast<const T*>(query.const_data_ptr()),
            query.stride(0),
            static_cast<const T*>(key_value.const_data_ptr()),
            key_value.stride(0),
            static_cast<int>(type_scale.size(0)),
            type_scale.const_data_ptr<Sum>(),
            type_bias.const_data_ptr<Sum>(),
            static_cast<Sum>(clamp),
            static_cast<Sum>(negative_slope),
            0,
            edge,
            dropout};
  }

  /// True if the vector code supports the call: float32 or bfloat16 rows, and not too many heads. Other calls use the
  /// reference.
  bool vectorised() const { return query.scalar_type() != at::kDouble && kernels::sparse_attention_vectorised(heads); }

  /// Returns the call in the type in which the reference computes.
  Operands for_reference() const {
    Operands o = *this;
    const auto to = query.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    o.query = query.to(to).contiguous();
    o.key_value = key_value.to(to).contiguous();
    if (features.defined()) o.features = features.to(to).contiguous();
    return o;
  }
};

/// Returns the features with rows that vectors of four numbers can read: a copy with more columns unless these fit.
Tensor padded_features(const Tensor& features) {
  const int64_t columns = features.size(1), missing = (4 - columns % 4) % 4;
  if (missing == 0 && features.stride(1) == 1 && features.stride(0) % 4 == 0) return features;
  return at::constant_pad_nd(features, {0, missing}).contiguous().narrow(1, 0, columns);
}

/// Returns the dropout of a call. Throws c10::Error if the probability is not at least 0 and below 1.
kernels::AttentionDropout dropout_of(double p, int64_t key) {
  TORCH_CHECK(p >= 0 && p < 1, "sparse_attention: dropout must be at least 0 and below 1, got ", p);
  return {kernels::dropout_threshold(p), static_cast<float>(kernels::dropout_scale(p)), static_cast<uint64_t>(key)};
}

/// Checks the arguments and makes them contiguous where the kernels need it.
Operands operands(const Tensor& query, const Tensor& key_value, const Tensor& row_start, const Tensor& index,
                  const Tensor& type, const Tensor& type_scale, const Tensor& type_bias, int64_t heads, double clamp,
                  const OptionalTensor& log_weight, double negative_slope, const GivenFeatures& features) {
  check_features(features, query, index);
  check_attention(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp,
                  features.columns(heads));
  check_log_weight(log_weight, index);
  check_negative_slope(negative_slope);
  return {with_contiguous_rows(query),
          with_contiguous_rows(key_value),
          row_start.contiguous(),
          index.contiguous(),
          type.contiguous(),
          type_scale.contiguous(),
          type_bias.contiguous(),
          heads,
          clamp,
          log_weight ? log_weight->contiguous() : Tensor(),
          negative_slope,
          features ? padded_features(*features.rows) : Tensor(),
          features ? features.row_of->contiguous() : Tensor()};
}

std::tuple<Tensor, Tensor> forward_meta(const Tensor& query, const Tensor& key_value, const Tensor& row_start,
                                        const Tensor& index, const Tensor& type, const OptionalTensor&,
                                        const OptionalTensor&, const OptionalTensor&, const Tensor& type_scale,
                                        const Tensor& type_bias, int64_t heads, double clamp,
                                        const OptionalTensor& log_weight, double negative_slope,
                                        const OptionalTensor& features, const OptionalTensor& feature_row,
                                        const OptionalTensor& t_feature_row, double dropout, int64_t dropout_key) {
  dropout_of(dropout, dropout_key);
  const GivenFeatures given{features, feature_row, t_feature_row};
  check_features(given, query, index);
  const c10::SymInt edge = given.columns(heads);
  check_attention(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp, edge, true);
  check_log_weight(log_weight, index);
  check_negative_slope(negative_slope);
  return {
      at::empty_symint({query.sym_size(0), key_value.sym_size(1) - query.sym_size(1) + edge + edge}, query.options()),
      at::empty_symint({query.sym_size(0), heads}, query.options().dtype(attention_sum_type(query)))};
}

template <class T>
void run_reference_forward(const Operands& o, Tensor& out, Tensor& log_sum) {
  kernels::sparse_attention_forward_reference(o.args<T, T>(), o.edges(), out.mutable_data_ptr<T>(),
                                              log_sum.mutable_data_ptr<T>());
}

/// Calls the kernel for the rows' type. A call that the vector code does not support is computed by the reference,
/// bfloat16 by way of float32.
std::tuple<Tensor, Tensor> forward_cpu(const Tensor& query, const Tensor& key_value, const Tensor& row_start,
                                       const Tensor& index, const Tensor& type, const OptionalTensor&,
                                       const OptionalTensor&, const OptionalTensor&, const Tensor& type_scale,
                                       const Tensor& type_bias, int64_t heads, double clamp,
                                       const OptionalTensor& log_weight, double negative_slope,
                                       const OptionalTensor& features, const OptionalTensor& feature_row,
                                       const OptionalTensor& t_feature_row, double dropout, int64_t dropout_key) {
  Operands o = operands(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp, log_weight,
                        negative_slope, {features, feature_row, t_feature_row});
  o.dropout = dropout_of(dropout, dropout_key);
  Tensor out = at::empty({query.size(0), o.values() + o.edge_columns()}, query.options());
  Tensor log_sum = at::empty({query.size(0), heads}, query.options().dtype(attention_sum_type(query)));
  if (!o.vectorised()) {
    o = o.for_reference();
    // The reference writes float32 or float64; bfloat16 is rounded at the end.
    Tensor wide = at::empty(out.sizes(), o.query.options());
    log_sum.scalar_type() == at::kDouble ? run_reference_forward<double>(o, wide, log_sum)
                                         : run_reference_forward<float>(o, wide, log_sum);
    return {wide.to(out.scalar_type()), log_sum};
  }
  run_forward(o, out, log_sum);
  return {out, log_sum};
}

/// Returns memory as large as that in which the backward pass packs the rows of every destination (query, gradient,
/// statistics). It exists only for callers that count the memory of a pass; the sizes are those of backward-inl.h.
Tensor packed_rows(const Tensor& query, const Tensor& key_value, int64_t heads, const OptionalTensor& features) {
  if (query.sym_size(0).is_symbolic() || key_value.sym_size(1).is_symbolic()) return Tensor();
  const int64_t edge = features ? 2 * heads * ((features->size(1) + 3) / 4 * 4) : 0;
  const int64_t element = query.element_size(), statistics = (std::max<int64_t>(4, 2 * heads) + edge) * 4;
  const int64_t row = (key_value.size(1) * element + statistics + 63) / 64 * 64;
  return at::empty({query.size(0), row}, query.options().dtype(at::kByte));
}

SparseAttentionGrads backward_meta(const Tensor&, const Tensor& query, const Tensor& key_value, const Tensor&,
                                   const Tensor&, const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&,
                                   const OptionalTensor&, const OptionalTensor&, const Tensor& type_scale,
                                   const Tensor& type_bias, int64_t heads, double, AttentionMask mask,
                                   const OptionalTensor&, double, const OptionalTensor& features, const OptionalTensor&,
                                   const OptionalTensor&, double, int64_t) {
  const Tensor packed = packed_rows(query, key_value, heads, features);
  return {at::empty_symint(query.sym_sizes(), query.options()),
          at::empty_symint(key_value.sym_sizes(), key_value.options()),
          at::empty_symint(type_scale.sym_sizes(), type_scale.options()),
          at::empty_symint(type_bias.sym_sizes(), type_bias.options()),
          features && mask[4] ? at::empty_symint(features->sym_sizes(), features->options())
                              : at::empty({0}, query.options())};
}

/// Returns the memory of the gradients; those of the tables and of the features are null if `mask` does not ask for
/// them.
template <class T, class Sum>
kernels::SparseAttentionGradients<T, Sum> destinations_of(const SparseAttentionGrads& g, AttentionMask mask,
                                                          bool edge_by_row) {
  const auto& [query, key_value, scale, bias, edge] = g;
  return {static_cast<T*>(query.mutable_data_ptr()),         static_cast<T*>(key_value.mutable_data_ptr()),
          mask[2] ? scale.mutable_data_ptr<Sum>() : nullptr, mask[3] ? bias.mutable_data_ptr<Sum>() : nullptr,
          mask[4] ? edge.mutable_data_ptr<Sum>() : nullptr,  edge_by_row};
}

/// Allocates the gradients; the kernels fill them completely.
SparseAttentionGrads empty_gradients(const Operands& o, const Tensor& key_value) {
  return {at::empty(o.query.sizes(), o.query.options()), at::empty(key_value.sizes(), key_value.options()),
          at::empty(o.type_scale.sizes(), o.type_scale.options()),
          at::empty(o.type_bias.sizes(), o.type_bias.options()), Tensor()};
}

/// The gradient of the edges' features. If each edge has a row of its own, the kernels write the rows. Otherwise they
/// write a row per edge, and the rows of edges that share a row of the features are added in the order of the edges.
class FeatureGradient {
 public:
  FeatureGradient(const Operands& o, bool wanted) : o_(o), wanted_(wanted && o.features.defined()) {
    if (!wanted_) return;
    const int64_t rows = o.features.size(0), edges = o.index.size(0);
    const int32_t* row = o.feature_row.const_data_ptr<int32_t>();
    std::vector<bool> used(rows);
    for (int64_t e = 0; e < edges && by_row_; ++e) {
      if (row[e] < 0) continue;
      by_row_ = !used[row[e]];
      used[row[e]] = true;
    }
    const bool all_used = by_row_ && std::find(used.begin(), used.end(), false) == used.end();
    const auto shape = {by_row_ ? rows : edges, o.features.size(1)};
    memory_ = all_used || !by_row_ ? at::empty(shape, o.type_bias.options()) : at::zeros(shape, o.type_bias.options());
  }

  bool wanted() const { return wanted_; }
  bool by_row() const { return by_row_; }
  const Tensor& memory() const { return memory_; }  ///< what the kernels write

  /// Returns the gradient in the type of the rows; empty if it is not wanted.
  Tensor finished(at::ScalarType type) const {
    if (!wanted_) return at::empty({0}, o_.query.options().dtype(type));
    if (by_row_) return memory_.to(type);
    return (memory_.scalar_type() == at::kDouble ? summed<double>() : summed<float>()).to(type);
  }

 private:
  template <class Sum>
  Tensor summed() const {
    const int64_t rows = o_.features.size(0), columns = o_.features.size(1), edges = memory_.size(0);
    const int32_t* row = o_.feature_row.const_data_ptr<int32_t>();
    // A counting sort of the edges by row.
    std::vector<int64_t> start(rows + 1), order(edges);
    for (int64_t e = 0; e < edges; ++e)
      if (row[e] >= 0) ++start[row[e] + 1];
    for (int64_t r = 0; r < rows; ++r) start[r + 1] += start[r];
    std::vector<int64_t> next(start.begin(), start.end() - 1);
    for (int64_t e = 0; e < edges; ++e)
      if (row[e] >= 0) order[next[row[e]]++] = e;
    Tensor sums = at::zeros({rows, columns}, memory_.options());
    const auto* from = memory_.const_data_ptr<Sum>();
    auto* to = sums.mutable_data_ptr<Sum>();
    parallel_blocks(rows, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        for (int64_t p = start[r]; p < start[r + 1]; ++p)
          for (int64_t f = 0; f < columns; ++f) to[r * columns + f] += from[order[p] * columns + f];
    });
    return sums;
  }

  const Operands& o_;
  const bool wanted_;
  bool by_row_ = true;
  Tensor memory_;
};

/// The reference needs no transpose: it adds each edge to the gradients of both its ends.
template <class T>
SparseAttentionGrads reference_backward(const Operands& o, const Tensor& out, const Tensor& log_sum, const Tensor& grad,
                                        AttentionMask mask) {
  SparseAttentionGrads g = empty_gradients(o, o.key_value);
  const FeatureGradient features(o, mask[4]);
  std::get<4>(g) = features.memory();
  kernels::sparse_attention_backward_reference(o.args<T, T>(), o.edges(), out.const_data_ptr<T>(),
                                               log_sum.const_data_ptr<T>(), grad.const_data_ptr<T>(),
                                               destinations_of<T, T>(g, mask, features.by_row()));
  std::get<4>(g) = features.finished(at::CppTypeToScalarType<T>::value);
  return g;
}

/// Calls the kernel for the rows' type, as forward_cpu() does.
SparseAttentionGrads backward_cpu(const Tensor& grad, const Tensor& query, const Tensor& key_value, const Tensor& out,
                                  const Tensor& log_sum, const Tensor& row_start, const Tensor& index,
                                  const Tensor& type, const OptionalTensor& t_row_start, const OptionalTensor& t_index,
                                  const OptionalTensor& t_type, const Tensor& type_scale, const Tensor& type_bias,
                                  int64_t heads, double clamp, AttentionMask mask, const OptionalTensor& log_weight,
                                  double negative_slope, const OptionalTensor& features,
                                  const OptionalTensor& feature_row, const OptionalTensor& t_feature_row,
                                  double dropout, int64_t dropout_key) {
  Operands o = operands(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp, log_weight,
                        negative_slope, {features, feature_row, t_feature_row});
  o.dropout = dropout_of(dropout, dropout_key);
  mask[4] = mask[4] && o.features.defined();
  check_square_without_transpose(t_row_start, query.size(0), key_value.size(0));
  if (!o.vectorised()) {
    const Operands r = o.for_reference();
    const auto to = r.query.scalar_type();
    const Tensor out_r = out.to(to).contiguous(), grad_r = grad.to(to).contiguous();
    SparseAttentionGrads g = to == at::kDouble
                                 ? reference_backward<double>(r, out_r, log_sum.contiguous(), grad_r, mask)
                                 : reference_backward<float>(r, out_r, log_sum.contiguous(), grad_r, mask);
    std::get<0>(g) = std::get<0>(g).to(query.scalar_type());
    std::get<1>(g) = std::get<1>(g).to(query.scalar_type());
    std::get<4>(g) = std::get<4>(g).to(query.scalar_type());
    return g;
  }
  SparseAttentionGrads g = empty_gradients(o, key_value);
  const FeatureGradient feature_gradient(o, mask[4]);
  std::get<4>(g) = feature_gradient.memory();
  AttentionEdges edges{o.row_start, o.index, o.type, t_row_start, t_index, t_type};
  if (o.features.defined()) edges.feature_row = o.feature_row, edges.t_feature_row = t_feature_row;
  const EdgesBySource transpose(o.edges(), edges, key_value.size(0));
  const Tensor out_c = out.contiguous(), grad_c = grad.contiguous(), log_sum_c = log_sum.contiguous();
  run_backward(o, transpose.edges(), out_c, log_sum_c, grad_c,
               [&]<class T>(T) { return destinations_of<T, float>(g, mask, feature_gradient.by_row()); });
  std::get<4>(g) = feature_gradient.finished(query.scalar_type());
  return g;
}

Tensor scores_meta(const Tensor& query, const Tensor&, int64_t, const Tensor&, const Tensor& index, const Tensor&,
                   const Tensor&, const Tensor&, int64_t heads, double, const Tensor&, const OptionalTensor&, double,
                   const OptionalTensor&, const OptionalTensor&) {
  return at::empty_symint({index.sym_size(0), heads}, query.options().dtype(attention_sum_type(query)));
}

/// Calls the kernel for the rows' type, as forward_cpu() does.
Tensor scores_cpu(const Tensor& query, const Tensor& key_value, int64_t value_width, const Tensor& row_start,
                  const Tensor& index, const Tensor& type, const Tensor& type_scale, const Tensor& type_bias,
                  int64_t heads, double clamp, const Tensor& log_sum, const OptionalTensor& log_weight,
                  double negative_slope, const OptionalTensor& features, const OptionalTensor& feature_row) {
  Operands o = operands(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp, log_weight,
                        negative_slope, {features, feature_row, std::nullopt});
  TORCH_CHECK(o.values() == value_width, "sparse_attention_scores: key_value must have ", o.keys() + value_width,
              " columns, got ", key_value.size(1));
  Tensor scores = at::empty({index.size(0), heads}, query.options().dtype(attention_sum_type(query)));
  const Tensor sums = log_sum.contiguous();
  if (!o.vectorised()) {
    o = o.for_reference();
    if (scores.scalar_type() == at::kDouble) {
      kernels::sparse_attention_scores_reference(o.args<double, double>(), o.edges(), sums.const_data_ptr<double>(),
                                                 scores.mutable_data_ptr<double>());
    } else {
      kernels::sparse_attention_scores_reference(o.args<float, float>(), o.edges(), sums.const_data_ptr<float>(),
                                                 scores.mutable_data_ptr<float>());
    }
  } else {
    run_scores(o, query, sums, scores);
  }
  return scores;
}

}  // namespace

std::tuple<Tensor, Tensor> sparse_attention(const Tensor& query, const Tensor& key_value, const AttentionEdges& edges,
                                            const Tensor& type_scale, const Tensor& type_bias, int64_t heads,
                                            double clamp, double negative_slope) {
  static const auto op = find_operator<std::tuple<Tensor, Tensor>(
      const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&,
      const OptionalTensor&, const OptionalTensor&, const Tensor&, const Tensor&, int64_t, double,
      const OptionalTensor&, double, const OptionalTensor&, const OptionalTensor&, const OptionalTensor&, double,
      int64_t)>("graphsieve::sparse_attention");
  return op.call(query, key_value, edges.row_start, edges.index, edges.type, edges.t_row_start, edges.t_index,
                 edges.t_type, type_scale, type_bias, heads, clamp, edges.log_weight, negative_slope, edges.features,
                 edges.feature_row, edges.t_feature_row, edges.dropout, edges.dropout_key);
}

Tensor sparse_attention_scores(const Tensor& query, const Tensor& key_value, int64_t value_width,
                               const AttentionEdges& edges, const Tensor& type_scale, const Tensor& type_bias,
                               int64_t heads, double clamp, const Tensor& log_sum, double negative_slope) {
  static const auto op =
      find_operator<Tensor(const Tensor&, const Tensor&, int64_t, const Tensor&, const Tensor&, const Tensor&,
                           const Tensor&, const Tensor&, int64_t, double, const Tensor&, const OptionalTensor&, double,
                           const OptionalTensor&, const OptionalTensor&)>("graphsieve::sparse_attention_scores");
  return op.call(query, key_value, value_width, edges.row_start, edges.index, edges.type, type_scale, type_bias, heads,
                 clamp, log_sum, edges.log_weight, negative_slope, edges.features, edges.feature_row);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "sparse_attention(Tensor query, Tensor key_value, Tensor row_start, Tensor index, Tensor type, "
      "Tensor? t_row_start, Tensor? t_index, Tensor? t_type, Tensor type_scale, Tensor type_bias, int heads, "
      "float clamp, Tensor? log_weight=None, float negative_slope=1, Tensor? features=None, "
      "Tensor? feature_row=None, Tensor? t_feature_row=None, float dropout=0, int dropout_key=0) -> (Tensor, Tensor)");
  m.def(
      "sparse_attention_backward(Tensor grad, Tensor query, Tensor key_value, Tensor out, Tensor log_sum, "
      "Tensor row_start, Tensor index, Tensor type, Tensor? t_row_start, Tensor? t_index, Tensor? t_type, "
      "Tensor type_scale, Tensor type_bias, int heads, float clamp, bool[5] mask, Tensor? log_weight=None, float "
      "negative_slope=1, Tensor? features=None, Tensor? feature_row=None, Tensor? t_feature_row=None, "
      "float dropout=0, int dropout_key=0) -> "
      "(Tensor, Tensor, Tensor, Tensor, Tensor)");
  m.def(
      "sparse_attention_scores(Tensor query, Tensor key_value, int value_width, Tensor row_start, Tensor index, "
      "Tensor type, Tensor type_scale, Tensor type_bias, int heads, float clamp, Tensor log_sum, "
      "Tensor? log_weight=None, float negative_slope=1, Tensor? features=None, Tensor? feature_row=None) -> Tensor");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("sparse_attention", graphsieve::ops::forward_cpu);
  m.impl("sparse_attention_backward", graphsieve::ops::backward_cpu);
  m.impl("sparse_attention_scores", graphsieve::ops::scores_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("sparse_attention", graphsieve::ops::forward_meta);
  m.impl("sparse_attention_backward", graphsieve::ops::backward_meta);
  m.impl("sparse_attention_scores", graphsieve::ops::scores_meta);
}
