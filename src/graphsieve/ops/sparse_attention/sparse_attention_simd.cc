// SPDX-License-Identifier: Apache-2.0
// The vector code for every target from SSE4 to AVX-512, chosen at run time: forward-inl.h and backward-inl.h for calls
// without features of edges and without dropout (sparse_attention_more_simd.cc has the others), and the scores.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/sparse_attention/sparse_attention_simd.cc"
#include "graphsieve/ops/common/targets.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <type_traits>

#include "graphsieve/ops/sparse_attention/backward-inl.h"
#include "graphsieve/ops/sparse_attention/forward-inl.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// Computes the scores of the edges [begin, end) in row r of the destinations, a chunk at a time, as the forward pass
/// computes its exponentials, relative to the row's log-sum.
template <class P, class T>
void score_row(const Operands<T>& o, const TypedEdges& edges, int64_t r, int64_t begin, int64_t end,
               const float* log_sum, float* to) {
  const DF d;
  RowBuffers& b = buffers_of_thread<P>(o);
  const int64_t heads = P::heads(o.key), step = P::edges(o.key);
  const float *weights = o.template query_weights<P>(r, b.weights.data()), *bias = o.bias_of(r);
  // The layout may have more heads than the row. The log-sums of the added heads are 0, and their scores are not
  // copied.
  HWY_ALIGN float row_log_sum[N] = {};
  std::copy_n(log_sum + r * o.row_heads, o.row_heads, row_log_sum);
  const VF shift = P::per_head(o.key, row_log_sum);
  const Cursor cursor(edges, begin, end, step, b);
  if (o.featured) take_edge_query(o, r, b);
  for (int64_t chunk = 0; chunk < cursor.chunks(); ++chunk) {
    const auto at = cursor.at(chunk);
    const ChunkTypes types(at.type, cursor.count(chunk));
    const ChunkRows<T> keys{o.key_rows, at.index, at.ahead, b.columns[0]};
    P::template stage<true>(o.key, keys);
    VF dots = P::dots(o.key, keys, {weights, o.key.padded_row(), types, o.a.types});
    if (o.featured) dots = hn::Add(dots, edge_query_dots(o, edges, begin, chunk, b));
    // The softmax is exp(logit − log-sum), so no second pass over the row is needed to normalise the scores.
    hn::Store(exp_bounded(hn::Sub(weighted_logits(o, raw_logits(o, dots, bias, types), at.log_weight), shift)), d,
              b.first[0]);
    for (int64_t e = 0; e < cursor.count(chunk); ++e)
      std::copy_n(b.first[0] + e * heads, o.row_heads, to + (begin + chunk * step + e) * o.a.heads + r % o.groups);
  }
}

/// Divides the rows into items as the other passes do. Scores are computed rarely, so the policy Any is fast enough.
template <class T>
void scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum, float* to,
            const Scratch& scratch) {
  const Operands<T> o(a, edges, scratch);
  WorkPlan(edges.row_start, edges.rows).run([&](int64_t, const WorkItem& item) {
    for (int64_t i = item.row_begin; i < item.row_end; ++i) {
      const int64_t begin = item.piece >= 0 ? item.edge_begin : edges.row_start[i];
      const int64_t end = item.piece >= 0 ? item.edge_end : edges.row_start[i + 1];
      for (int64_t r = i * o.groups; begin < end && r < (i + 1) * o.groups; ++r)
        score_row<Any>(o, edges, r, begin, end, log_sum, to);
    }
  });
}

/// Highway dispatches functions that are no templates, so there is one per type.
void forward_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, float* out, float* log_sum,
                   const Scratch& scratch) {
  Forward<float, false>(a, edges, out, log_sum, scratch).run();
}
void forward_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, BFloat16* out, float* log_sum,
                  const Scratch& scratch) {
  Forward<BFloat16, false>(a, edges, out, log_sum, scratch).run();
}
void backward_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, const TypedEdges& by_source,
                    const float* out, const float* log_sum, const float* grad,
                    const SparseAttentionGradients<float>& to, const Scratch& scratch) {
  Backward<float, false>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}
void backward_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, const TypedEdges& by_source,
                   const BFloat16* out, const float* log_sum, const BFloat16* grad,
                   const SparseAttentionGradients<BFloat16>& to, const Scratch& scratch) {
  Backward<BFloat16, false>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}
void scores_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, const float* log_sum, float* to,
                  const Scratch& scratch) {
  scores(a, edges, log_sum, to, scratch);
}
void scores_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, const float* log_sum, float* to,
                 const Scratch& scratch) {
  scores(a, edges, log_sum, to, scratch);
}
/// A vector must have a lane for each head, and PieceState room for it.
int64_t most_heads() { return std::min<int64_t>(N, 16); }

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(forward_float);
HWY_EXPORT(forward_half);
HWY_EXPORT(backward_float);
HWY_EXPORT(backward_half);
HWY_EXPORT(scores_float);
HWY_EXPORT(scores_half);
HWY_EXPORT(most_heads);

template <class T>
void sparse_attention_forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum,
                              const Scratch& scratch) {
  if (a.more()) return sparse_attention_forward_more(a, edges, out, log_sum, scratch);
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(forward_float)(a, edges, out, log_sum, scratch);
  else
    HWY_DYNAMIC_DISPATCH(forward_half)(a, edges, out, log_sum, scratch);
}

template <class T>
void sparse_attention_backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source,
                               const T* out, const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to,
                               const Scratch& scratch) {
  if (a.more()) return sparse_attention_backward_more(a, edges, by_source, out, log_sum, grad, to, scratch);
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(backward_float)(a, edges, by_source, out, log_sum, grad, to, scratch);
  else
    HWY_DYNAMIC_DISPATCH(backward_half)(a, edges, by_source, out, log_sum, grad, to, scratch);
}

template <class T>
void sparse_attention_scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum,
                             float* scores, const Scratch& scratch) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(scores_float)(a, edges, log_sum, scores, scratch);
  else
    HWY_DYNAMIC_DISPATCH(scores_half)(a, edges, log_sum, scores, scratch);
}

bool sparse_attention_vectorised(int heads) { return heads <= HWY_DYNAMIC_DISPATCH(most_heads)(); }

#define GRAPHSIEVE_INSTANTIATE(T)                                                                               \
  template void sparse_attention_forward(const SparseAttentionArgs<T>&, const TypedEdges&, T*, float*,          \
                                         const Scratch&);                                                       \
  template void sparse_attention_backward(const SparseAttentionArgs<T>&, const TypedEdges&, const TypedEdges&,  \
                                          const T*, const float*, const T*, const SparseAttentionGradients<T>&, \
                                          const Scratch&);                                                      \
  template void sparse_attention_scores(const SparseAttentionArgs<T>&, const TypedEdges&, const float*, float*, \
                                        const Scratch&);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(BFloat16)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
#endif
