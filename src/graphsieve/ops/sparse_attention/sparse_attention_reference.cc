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

/// Returns the logit of one edge and head before the clamp; a negative one is multiplied by the slope.
template <class T>
T raw_logit(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, int64_t i, int64_t e, int h) {
  const auto x = edge_of(a, edges, i, e, h);
  T sum = a.type_bias[edges.type[e] * a.heads + h];
  for (int64_t c = 0; c < a.key_width; ++c) sum += x.q[c] * x.k[c] * x.scale_at(c);
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
      T* y = out + (i * a.heads + h) * a.value_width;
      std::fill(y, y + a.value_width, T(0));
      // Exponentials are relative to the largest logit, so they cannot overflow.
      T top = -std::numeric_limits<T>::infinity();
      for (int64_t e = begin; e < end; ++e) top = std::max(top, weighted_logit(a, edges, i, e, h));
      T sum = 0;
      for (int64_t e = begin; e < end; ++e) {
        const T weight = std::exp(weighted_logit(a, edges, i, e, h) - top);
        sum += weight;
        for (int64_t c = 0; c < a.value_width; ++c) y[c] += weight * edge_of(a, edges, i, e, h).v[c];
      }
      for (int64_t c = 0; c < a.value_width && begin < end; ++c) y[c] /= sum;
      log_sum[i * a.heads + h] = begin < end ? top + std::log(sum) : -std::numeric_limits<T>::infinity();
    }
}

template <class T>
void sparse_attention_backward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* out,
                                         const T* log_sum, const T* grad, const SparseAttentionGradients<T, T>& to) {
  const int64_t keys = a.heads * a.key_width, queries = keys * std::max(1, a.queries);
  const int64_t stride = a.absorbed() ? a.key_width : keys + a.heads * a.value_width;  // of gradients, without gaps
  std::fill(to.query, to.query + a.destinations * queries, T(0));
  std::fill(to.key_value, to.key_value + a.sources * stride, T(0));
  if (to.type_scale) std::fill(to.type_scale, to.type_scale + a.types * keys, T(0));
  if (to.type_bias) std::fill(to.type_bias, to.type_bias + a.types * a.heads, T(0));
  for (int64_t i = 0; i < edges.rows; ++i)
    for (int h = 0; h < a.heads; ++h) {
      const T* g = grad + (i * a.heads + h) * a.value_width;
      const T* y = out + (i * a.heads + h) * a.value_width;
      // With p the softmax and dp = grad · v, the gradient of a logit is p (dp − Σ p dp), and Σ p dp = grad · out =
      // delta.
      T delta = 0;
      for (int64_t c = 0; c < a.value_width; ++c) delta += g[c] * y[c];
      for (int64_t e = edges.row_start[i]; e < edges.row_start[i + 1]; ++e) {
        const auto x = edge_of(a, edges, i, e, h);
        const T raw = raw_logit(a, edges, i, e, h);
        const T p = std::exp(weighted_logit(a, edges, i, e, h) - log_sum[i * a.heads + h]);
        const Places at = places_of(a, edges, i, e, h, queries, stride);
        T dp = 0;
        for (int64_t c = 0; c < a.value_width; ++c) {
          dp += g[c] * x.v[c];
          to.key_value[at.value + c] += p * g[c];
        }
        // A clamped logit is constant, so no gradient passes through it; the gradient of the value above is not
        // affected.
        const T slope = raw < 0 ? a.negative_slope : T(1);
        const T ds = std::abs(raw) > a.clamp ? T(0) : slope * p * (dp - delta);
        for (int64_t c = 0; c < a.key_width; ++c) {
          to.query[at.query + c] += ds * x.k[c] * x.scale_at(c);
          to.key_value[at.key + c] += ds * x.q[c] * x.scale_at(c);
          if (to.type_scale) to.type_scale[edges.type[e] * keys + h * a.key_width + c] += ds * x.q[c] * x.k[c];
        }
        if (to.type_bias) to.type_bias[edges.type[e] * a.heads + h] += ds;
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
