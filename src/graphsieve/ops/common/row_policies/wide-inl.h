// SPDX-License-Identifier: Apache-2.0
// The policy for rows of at least one vector. A chunk has L leaves of V vectors each, and PerEdge of these leaves
// belong to one row. A head has L lanes of its leaf, so a leaf has N / L heads.
#if defined(GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WIDE_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WIDE_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WIDE_INL_H_
#endif

#include "graphsieve/ops/common/row_chunks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

template <int L, int PerEdge, int V, bool Pairs = false>
struct Wide : VectorSum<PerEdge * V>, RowOrder<Pairs> {
  static_assert(!Pairs || V % 2 == 0, "the two vectors of a pair belong to one leaf");
  using RowOrder<Pairs>::vector_of;
  using Sum = typename VectorSum<PerEdge * V>::Sum;
  static constexpr bool kSharedRows = PerEdge == 1 && L == static_cast<int>(N);
  static constexpr int kEdges = L / PerEdge, kVectors = PerEdge * V, kHeads = static_cast<int>(N) * PerEdge / L;
  static constexpr int64_t edges(const HeadLayout&) { return kEdges; }  ///< edges of a chunk
  static constexpr int64_t heads(const HeadLayout&) { return kHeads; }
  static constexpr int64_t row(const HeadLayout&) { return kVectors * N; }

  static HWY_INLINE VF fold_sum(const HeadLayout&, VF v) { return fold_lanes<kHeads>(v, kAdd); }
  static HWY_INLINE VF fold_max(const HeadLayout&, VF v) { return fold_lanes<kHeads>(v, kMax); }
  static HWY_INLINE VF per_head(const HeadLayout&, const float* p) { return repeat_lanes<kHeads>(p); }

  template <bool Ahead, class T>
  static HWY_INLINE void stage(const HeadLayout&, const ChunkRows<T>&) {}

  template <class T>
  static HWY_INLINE VF dots(const HeadLayout&, const ChunkRows<T>& c, const Weights& w) {
    return HWY_UNLIKELY(w.type) ? dots_of<true>(c, w) : dots_of<false>(c, w);
  }

  /// Multiplies `sum` by a number per head.
  static HWY_INLINE void scale(const HeadLayout&, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) sum.vector[v] = hn::Mul(sum.vector[v], head_factor(head, v));
  }
  /// Adds a saved sum, multiplied by a number per head, to `sum`.
  static HWY_INLINE void add_scaled(const HeadLayout&, const float* saved, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) sum.vector[v] =
        hn::MulAdd(load(saved + v * N), head_factor(head, v), sum.vector[v]);
  }
  /// Writes the dot product of two rows, per head, to `to`.
  template <class T>
  static HWY_INLINE void row_dots(const HeadLayout&, const T* a, const T* b, float* to) {
    HWY_ALIGN float lanes[N];
    GRAPHSIEVE_UNROLL for (int at = 0; at < kVectors; at += V) {
      VF sum = hn::Mul(vector_of(a, at), vector_of(b, at));
      GRAPHSIEVE_UNROLL for (int v = 1; v < V; ++v) sum = hn::MulAdd(vector_of(a, at + v), vector_of(b, at + v), sum);
      hn::Store(sum_neighbours<L>(sum), DF(), lanes);
      GRAPHSIEVE_UNROLL for (int l = 0; l < static_cast<int>(N); l += L)* to++ = lanes[l];
    }
  }
  /// Adds the product of `sum` and a row, element by element, to `to`.
  template <class T>
  static HWY_INLINE void add_product(const HeadLayout&, const Sum& sum, const T* row, float* to) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v)
        store(hn::MulAdd(sum.vector[v], vector_of(row, v), load(to + v * N)), to + v * N);
  }
  template <class T>
  static HWY_INLINE void to_row(const HeadLayout&, const float* saved, T* row) {
    if constexpr (Pairs) {
      GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; v += 2)
          store_pairs(load(saved + v * N), load(saved + (v + 1) * N), row + v * N);
    } else {
      GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) store(load(saved + v * N), row + v * N);
    }
  }

  /// Adds coefficient[e][head] * row_e for the edges [begin, end) of the chunk to `sum`.
  template <bool Ahead, class T>
  static HWY_INLINE void add(const HeadLayout&, const ChunkRows<T>& c, const float* coefficient, int64_t begin,
                             int64_t end, Sum& sum) {
    if (begin == 0 && end == kEdges) {
      GRAPHSIEVE_UNROLL for (int e = 0; e < kEdges; ++e)
          add_edge<Ahead>(c.rows[c.index[e]], c.rows[c.ahead[e]], coefficient + e * kHeads, sum);
    } else {
      for (int64_t e = begin; e < end; ++e)
        add_edge<Ahead>(c.rows[c.index[e]], c.rows[c.ahead[e]], coefficient + e * kHeads, sum);
    }
  }

 private:
  template <bool Typed, class T>
  static HWY_INLINE VF dots_of(const ChunkRows<T>& c, const Weights& w) {
    const T *row[kEdges], *ahead[kEdges];
    GRAPHSIEVE_UNROLL for (int e = 0; e < kEdges; ++e) row[e] = c.rows[c.index[e]], ahead[e] = c.rows[c.ahead[e]];
    return ordered<L>(sum_tree<L, L, 0>([&](auto i) HWY_ATTR {
      constexpr int e = decltype(i)::value / PerEdge, at = decltype(i)::value % PerEdge * V * static_cast<int>(N);
      const T* x = row[e] + at;
      const float* weight = (Typed ? w.weight + w.type[e] * w.stride : w.weight) + at;
      fetch_line(ahead[e], at);
      VF sum = hn::Mul(vector_of(x, 0), load(weight));
      GRAPHSIEVE_UNROLL for (int v = 1; v < V; ++v) {
        fetch_line(ahead[e], at + v * static_cast<int>(N));
        sum = hn::MulAdd(vector_of(x, v), load(weight + v * N), sum);
      }
      return sum;
    }));
  }

  template <bool Ahead, class T>
  static HWY_INLINE void add_edge(const T* row, const T* ahead, const float* coefficient, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) {
      if (Ahead) fetch_line(ahead, v * static_cast<int>(N));
      sum.vector[v] = hn::MulAdd(head_factor(coefficient, v), vector_of(row, v), sum.vector[v]);
    }
  }

  /// Returns the numbers of the heads that vector v of a row has, one per lane.
  static HWY_INLINE VF head_factor(const float* head, int v) {
    if constexpr (L == N) return hn::Set(DF(), head[v / V]);
    return hn::TableLookupLanes(load(head + v / V * (N / L)), head_of_lane(L));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
