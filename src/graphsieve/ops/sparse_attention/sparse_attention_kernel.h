// SPDX-License-Identifier: Apache-2.0
// The entry points of sparse_attention with raw pointers. They do not use torch. README.md has the shapes and the
// formula.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "graphsieve/base/random.h"
#include "graphsieve/ops/common/bfloat16.h"

namespace graphsieve::kernels {

/// In-edges by destination or, transposed, out-edges by source: the neighbours of row r are index[row_start[r] …
/// row_start[r + 1]), each with a type.
struct TypedEdges {
  int64_t rows;
  const int64_t* row_start;
  const int32_t* index;
  const uint8_t* type;
  /// Logarithms of the edges' weights, finite, which are added to the logits after the clamp. Null: no weights.
  const float* log_weight = nullptr;
  /// Row of each edge in EdgeFeatures::rows; −1: the features of the edge are zeros. Null: edges have no features.
  const int32_t* feature_row = nullptr;
};

/// The features of edges, and the queries that meet them.
template <class T>
struct EdgeFeatures {
  int64_t columns = 0;       ///< features per edge; 0: edges have none
  const T* rows = nullptr;   ///< a row per edge, or per several edges with the same features
  int64_t stride = 0;        ///< elements from one row to the next: a multiple of 4, at least `columns`
  const T* query = nullptr;  ///< [destinations, heads * columns]
  int64_t query_stride = 0;
};

/// Dropout of the softmax's values: for each edge and head, the value is dropped from the output with a probability p,
/// or multiplied by 1 / (1 − p). The key and the ends of the edge determine the choice, so that both passes over the
/// edges know it; edges with the same ends have one choice.
struct AttentionDropout {
  static constexpr uint32_t kSource = 0x9E3779B1u, kHead = 0x85EBCA6Bu;

  uint32_t threshold = 0;  ///< dropout_threshold(p) of common/dropout.h; 0: nothing is dropped
  float scale = 1;         ///< 1 / (1 − p)
  uint64_t key = 0;

  bool keeps(int64_t destination, int64_t source, int head) const {
    const uint32_t of_destination = mix32(~key, static_cast<uint32_t>(destination));
    const uint32_t number =
        of_destination + static_cast<uint32_t>(source) * kSource + static_cast<uint32_t>(head) * kHead;
    return mix32(key, number) >= threshold;
  }
  /// Returns the factor of the value of an edge and head.
  float factor(int64_t destination, int64_t source, int head) const {
    return keeps(destination, source, head) ? scale : 0;
  }
};

/// The arguments of a call. T is float, double or BFloat16. The small per-type arrays and all sums have the type `Sum`.
///
/// In the absorbed form (`queries` above 0, see absorbed_attention/README.md) all heads share one row per source, which
/// is both key and value, and a destination has `queries` queries per head: one for all edges, or one per edge type.
/// The query is then [destinations, heads, queries, width] without gaps, key_value is [sources, width], key_width and
/// value_width are both that width, and type_scale is null.
template <class T, class Sum = float>
struct SparseAttentionArgs {
  int64_t destinations, sources;
  int heads;
  int64_t key_width, value_width;  ///< per head
  const T* query;                  ///< [destinations, heads * key_width]
  int64_t query_stride;
  const T* key_value;  ///< [sources]: heads * key_width keys, then heads * value_width values
  int64_t key_value_stride;
  int types;
  const Sum* type_scale;          ///< [types, heads * key_width]
  const Sum* type_bias;           ///< [types, heads]
  Sum clamp;                      ///< logits are clamped to ±clamp; infinity: no clamp
  Sum negative_slope = 1;         ///< above 0; a logit below 0 is multiplied by it before the clamp
  int queries = 0;                ///< 0: the usual form; otherwise the absorbed form: 1, or the number of types
  EdgeFeatures<T> edge = {};      ///< not in the absorbed form
  AttentionDropout dropout = {};  ///< not in the absorbed form

  bool absorbed() const { return queries > 0; }
  /// True if edges have features or values of the softmax are dropped.
  bool more() const { return edge.columns > 0 || dropout.threshold > 0; }
  /// Returns the number of the query of a destination and head that meets edges of this type.
  int query_of(int type) const { return queries > 1 ? type : 0; }
  /// Returns the numbers of a row of the output: the heads' values, then, if edges have features, the heads' means of
  /// the features.
  int64_t out_row() const { return heads * (value_width + edge.columns); }
};

/// The memory for the gradients, each in the form of what it belongs to; type_scale, type_bias and edge may be null.
template <class T, class Sum = float>
struct SparseAttentionGradients {
  T* query;      ///< [destinations, heads * (key_width + edge.columns)]: those of the queries, then of the edge queries
  T* key_value;  ///< [sources, heads * (key_width + value_width)]
  Sum* type_scale;
  Sum* type_bias;
  Sum* edge = nullptr;  ///< of each edge's features, edge.columns numbers per row
  /// True: an edge's gradient is at its row of the features, which no other edge has, and edges without a row have
  /// none. False: it is at the edge's number by destination.
  bool edge_by_row = false;

  /// Returns the row of an edge's gradient; −1: it is not wanted.
  int64_t edge_row(const TypedEdges& edges, int64_t e) const { return edge_by_row ? edges.feature_row[e] : e; }
};

/// Returns scratch memory, aligned to 64 bytes, that lives until the call has returned.
using Scratch = std::function<void*(size_t bytes)>;

/// The reference: slow and obvious double loops over edges, the oracle of tests and benchmarks and the implementation
/// for float64. T = Sum.
template <class T>
void sparse_attention_forward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, T* out,
                                        T* log_sum);
template <class T>
void sparse_attention_backward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* out,
                                         const T* log_sum, const T* grad, const SparseAttentionGradients<T, T>& to);
template <class T>
void sparse_attention_scores_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* log_sum,
                                       T* scores);

/// The vector code, chosen at run time; T is float or BFloat16. `out` is [destinations, out_row()], `log_sum`
/// [destinations, heads] (minus infinity for a row without edges).
template <class T>
void sparse_attention_forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum,
                              const Scratch& scratch);
/// Computes the gradients; `by_source` is the transpose of `edges`.
template <class T>
void sparse_attention_backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source,
                               const T* out, const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to,
                               const Scratch& scratch);
/// The same for calls with more(), which the two functions above call.
template <class T>
void sparse_attention_forward_more(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum,
                                   const Scratch& scratch);
template <class T>
void sparse_attention_backward_more(const SparseAttentionArgs<T>& a, const TypedEdges& edges,
                                    const TypedEdges& by_source, const T* out, const float* log_sum, const T* grad,
                                    const SparseAttentionGradients<T>& to, const Scratch& scratch);
/// Computes the values of the softmax, scores [edges, heads].
template <class T>
void sparse_attention_scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum,
                             float* scores, const Scratch& scratch);

/// True if the vector code of this machine supports so many heads.
bool sparse_attention_vectorised(int heads);

}  // namespace graphsieve::kernels
