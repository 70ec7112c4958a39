// SPDX-License-Identifier: Apache-2.0
// The formula of README.md, edge by edge.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::kernels {
namespace {

/// The rows that one edge and head involve: the query, the key, the value and the scale of the type (null: all ones).
template <class T>
struct Edge {
  const T *q, *k, *v, *scale;
  T scale_at(int64_t c) const { return scale ? scale[c] : T(1); }
};

/// Where the rows of one edge and head begin in their matrices, in elements.
struct Places {
  int64_t query, key, value;
};

/// Returns the places of edge e of destination i, for head h. A row of key_value has `stride` elements: the keys of all
/// heads, then the values. In the absorbed form it is key and value of every head.
template <class T>
Places places_of(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t i, int64_t e, int h,
                 int64_t query_stride, int64_t stride) {
  const int64_t row = edges.index[e] * stride;
  if (a.absorbed()) return {((i * a.heads + h) * a.queries + a.query_of(edges.type[e])) * a.key_width, row, row};
  return {i * query_stride + h * a.key_width, row + h * a.key_width, row + a.heads * a.key_width + h * a.value_width};
}

/// Returns the rows of edge e of destination i, for head h.
template <class T>
Edge<T> edge_of(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t i, int64_t e, int h) {
  const Places at = places_of(a, edges, i, e, h, a.query_stride, a.key_value_stride);
  return {a.query + at.query, a.key_value + at.key, a.key_value + at.value,
          a.type_scale ? a.type_scale + (edges.type[e] * a.heads + h) * a.key_width : nullptr};
}

/// Returns the features of edge e; null if they are zeros, or if edges have none.
template <class T>
const T* features_of(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t e) {
  if (a.edge.columns == 0 || edges.feature_row[e] < 0) return nullptr;
  return a.edge.rows + edges.feature_row[e] * a.edge.stride;
}

/// Returns the query that meets the features of the edges of destination i, for head h.
template <class T>
const T* edge_query(const SparseAttentionArgs<T, T>& a, int64_t i, int h) {
  return a.edge.query + i * a.edge.query_stride + h * a.edge.columns;
}

/// Returns the logit of one edge and head before the clamp; a negative one is multiplied by the slope.
template <class T>
T raw_logit(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t i, int64_t e, int h) {
  const auto x = edge_of(a, edges, i, e, h);
  T sum = a.type_bias[edges.type[e] * a.heads + h];
  for (int64_t c = 0; c < a.key_width; ++c) sum += x.q[c] * x.k[c] * x.scale_at(c);
  if (const T* features = features_of(a, edges, e))
    for (int64_t f = 0; f < a.edge.columns; ++f) sum += edge_query(a, i, h)[f] * features[f];
  return sum < 0 ? a.negative_slope * sum : sum;
}

/// Returns the logit that the softmax takes: clamped, plus the logarithm of the edge's weight.
template <class T>
T weighted_logit(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t i, int64_t e, int h) {
  const T logit = std::clamp(raw_logit(a, edges, i, e, h), -a.clamp, a.clamp);
  return edges.log_weight ? logit + static_cast<T>(edges.log_weight[e]) : logit;
}

}  // namespace

template <class T>
void sparse_attention_forward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, T* out,
                                        T* log_sum) {
  for (int64_t i = 0; i < edges.rows; ++i)
    for (int h = 0; h < a.heads; ++h) {
      const int64_t begin = edges.row_start[i], end = edges.row_start[i + 1];
      T* y = out + i * a.out_row() + h * a.value_width;
      T* means = out + i * a.out_row() + a.heads * a.value_width + h * a.edge.columns;  // of the edges' features
      std::fill(y, y + a.value_width, T(0));
      std::fill(means, means + a.edge.columns, T(0));
      // Exponentials are relative to the largest logit, so they cannot overflow.
      T top = -std::numeric_limits<T>::infinity();
      for (int64_t e = begin; e < end; ++e) top = std::max(top, weighted_logit(a, edges, i, e, h));
      T sum = 0;
      for (int64_t e = begin; e < end; ++e) {
        T weight = std::exp(weighted_logit(a, edges, i, e, h) - top);
        sum += weight;
        weight *= a.dropout.factor(i, edges.index[e], h);
        for (int64_t c = 0; c < a.value_width; ++c) y[c] += weight * edge_of(a, edges, i, e, h).v[c];
        if (const T* features = features_of(a, edges, e))
          for (int64_t f = 0; f < a.edge.columns; ++f) means[f] += weight * features[f];
      }
      for (int64_t c = 0; c < a.value_width && begin < end; ++c) y[c] /= sum;
      for (int64_t f = 0; f < a.edge.columns && begin < end; ++f) means[f] /= sum;
      log_sum[i * a.heads + h] = begin < end ? top + std::log(sum) : -std::numeric_limits<T>::infinity();
    }
}

template <class T>
void sparse_attention_backward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* out,
                                         const T* log_sum, const T* grad, const SparseAttentionGradients<T, T>& to) {
  const int64_t keys = a.heads * a.key_width, queries = keys * std::max(1, a.queries);
  const int64_t stride = a.absorbed() ? a.key_width : keys + a.heads * a.value_width;  // of gradients, without gaps
  const int64_t columns = a.edge.columns, query_stride = queries + a.heads * columns;
  std::fill(to.query, to.query + a.destinations * query_stride, T(0));
  for (int64_t e = 0; to.edge && e < edges.row_start[edges.rows]; ++e)
    if (const int64_t at = to.edge_row(edges, e); at >= 0) std::fill_n(to.edge + at * columns, columns, T(0));
  std::fill(to.key_value, to.key_value + a.sources * stride, T(0));
  if (to.type_scale) std::fill(to.type_scale, to.type_scale + a.types * keys, T(0));
  if (to.type_bias) std::fill(to.type_bias, to.type_bias + a.types * a.heads, T(0));
  for (int64_t i = 0; i < edges.rows; ++i)
    for (int h = 0; h < a.heads; ++h) {
      const int64_t row = i * a.out_row() + h * a.value_width;
      const int64_t mean_row = i * a.out_row() + a.heads * a.value_width + h * columns;
      const T *g = grad + row, *y = out + row, *g_means = grad + mean_row, *means = out + mean_row;
      T* to_edge_query = to.query + i * query_stride + queries + h * columns;
      // With p the softmax and dp = grad · v, the gradient of a logit is p (dp − Σ p dp), and Σ p dp = grad · out =
      // delta.
      T delta = 0;
      for (int64_t c = 0; c < a.value_width; ++c) delta += g[c] * y[c];
      for (int64_t f = 0; f < columns; ++f) delta += g_means[f] * means[f];
      for (int64_t e = edges.row_start[i]; e < edges.row_start[i + 1]; ++e) {
        const auto x = edge_of(a, edges, i, e, h);
        const T raw = raw_logit(a, edges, i, e, h);
        const T p = std::exp(weighted_logit(a, edges, i, e, h) - log_sum[i * a.heads + h]);
        const T kept = a.dropout.factor(i, edges.index[e], h);
        const Places at = places_of(a, edges, i, e, h, query_stride, stride);
        const T* features = features_of(a, edges, e);
        T dp = 0;
        for (int64_t c = 0; c < a.value_width; ++c) {
          dp += g[c] * x.v[c];
          to.key_value[at.value + c] += p * kept * g[c];
        }
        for (int64_t f = 0; features && f < columns; ++f) dp += g_means[f] * features[f];
        // A clamped logit is constant, so no gradient passes through it; the gradient of the value above is not
        // affected.
        const T slope = raw < 0 ? a.negative_slope : T(1);
        const T ds = std::abs(raw) > a.clamp ? T(0) : slope * p * (kept * dp - delta);
        for (int64_t c = 0; c < a.key_width; ++c) {
          to.query[at.query + c] += ds * x.k[c] * x.scale_at(c);
          to.key_value[at.key + c] += ds * x.q[c] * x.scale_at(c);
          if (to.type_scale) to.type_scale[edges.type[e] * keys + h * a.key_width + c] += ds * x.q[c] * x.k[c];
        }
        if (to.type_bias) to.type_bias[edges.type[e] * a.heads + h] += ds;
        for (int64_t f = 0; features && f < columns; ++f) to_edge_query[f] += ds * features[f];
        const int64_t at_edge = to.edge ? to.edge_row(edges, e) : -1;
        for (int64_t f = 0; at_edge >= 0 && f < columns; ++f)
          to.edge[at_edge * columns + f] += ds * edge_query(a, i, h)[f] + p * kept * g_means[f];
      }
    }
}

template <class T>
void sparse_attention_scores_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* log_sum,
                                       T* scores) {
  for (int64_t i = 0; i < edges.rows; ++i)
    for (int64_t e = edges.row_start[i]; e < edges.row_start[i + 1]; ++e)
      for (int h = 0; h < a.heads; ++h)
        scores[e * a.heads + h] = std::exp(weighted_logit(a, edges, i, e, h) - log_sum[i * a.heads + h]);
}

#define GRAPHSIEVE_INSTANTIATE(T)                                                                                  \
  template void sparse_attention_forward_reference(const SparseAttentionArgs<T, T>&, const TypedEdges&, T*, T*);   \
  template void sparse_attention_backward_reference(const SparseAttentionArgs<T, T>&, const TypedEdges&, const T*, \
                                                    const T*, const T*, const SparseAttentionGradients<T, T>&);    \
  template void sparse_attention_scores_reference(const SparseAttentionArgs<T, T>&, const TypedEdges&, const T*, T*);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(double)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
