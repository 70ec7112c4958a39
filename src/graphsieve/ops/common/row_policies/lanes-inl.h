// SPDX-License-Identifier: Apache-2.0
// The policy for one head of L = 4 or 8 floats. The rows of a chunk are turned into L columns, which have one edge per
// lane.
#if defined(GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_LANES_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_LANES_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_LANES_INL_H_
#endif

#include "graphsieve/ops/common/row_chunks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

template <int L>
struct Lanes : VectorSum<L>, RowOrder<false> {  // one vector per column; its lanes are added at the end
  using Sum = typename VectorSum<L>::Sum;
  static constexpr bool kSharedRows = false;
  static constexpr int kEdges = static_cast<int>(N);
  static constexpr int64_t edges(const HeadLayout&) { return kEdges; }
  static constexpr int64_t heads(const HeadLayout&) { return 1; }
  static constexpr int64_t row(const HeadLayout&) { return L; }

  static HWY_INLINE VF fold_sum(const HeadLayout&, VF v) { return fold_lanes<1>(v, kAdd); }
  static HWY_INLINE VF fold_max(const HeadLayout&, VF v) { return fold_lanes<1>(v, kMax); }
  static HWY_INLINE VF per_head(const HeadLayout&, const float* p) { return hn::Set(DF(), p[0]); }

  /// Turns the rows of the chunk into columns and stores them in c.columns.
  template <bool Ahead, class T>
  static HWY_INLINE void stage(const HeadLayout&, const ChunkRows<T>& c) {
    if constexpr (Ahead) GRAPHSIEVE_UNROLL for (int e = 0; e < kEdges; ++e) hwy::Prefetch(c.rows[c.ahead[e]]);
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; x += 4) {
      VF to[4];
      columns_of_four([&](int e) HWY_ATTR { return c.rows[c.index[e]] + x; }, to);
      GRAPHSIEVE_UNROLL for (int i = 0; i < 4; ++i) hn::StoreU(to[i], DF(), c.columns + (x + i) * N);
    }
  }

  template <class T>
  static HWY_INLINE VF dots(const HeadLayout&, const ChunkRows<T>& c, const Weights& w) {
    const DF d;
    VF weight[L];
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) weight[x] = hn::Set(d, w.weight[x]);
    if (w.type) {
      const auto type = type_lanes(w.type);
      for (int t = 1; t < w.types; ++t) {
        const auto of_type = hn::RebindMask(d, hn::Eq(type, hn::Set(hn::RebindToSigned<DF>(), t)));
        GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) weight[x] =
            hn::IfThenElse(of_type, hn::Set(d, w.weight[t * w.stride + x]), weight[x]);
      }
    }
    VF sum[2] = {hn::Mul(load(c.columns), weight[0]), hn::Mul(load(c.columns + N), weight[1])};
    GRAPHSIEVE_UNROLL for (int x = 2; x < L; ++x) sum[x % 2] =
        hn::MulAdd(load(c.columns + x * N), weight[x], sum[x % 2]);
    return hn::Add(sum[0], sum[1]);
  }

  static HWY_INLINE void scale(const HeadLayout&, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] = hn::Mul(sum.vector[x], hn::Set(DF(), *head));
  }
  static HWY_INLINE void add_scaled(const HeadLayout&, const float* saved, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] =
        hn::MulAdd(load(saved + x * N), hn::Set(DF(), *head), sum.vector[x]);
  }
  template <class T>
  static HWY_INLINE void row_dots(const HeadLayout&, const T* a, const T* b, float* to) {
    *to = 0;
    for (int x = 0; x < L; ++x) *to += to_float(a[x]) * to_float(b[x]);
  }
  template <class T>
  static HWY_INLINE void add_product(const HeadLayout&, const Sum& sum, const T* row, float* to) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x)
        store(hn::MulAdd(sum.vector[x], hn::Set(DF(), to_float(row[x])), load(to + x * N)), to + x * N);
  }
  template <class T>
  static HWY_INLINE void to_row(const HeadLayout&, const float* saved, T* row) {
    HWY_ALIGN float lanes[N];
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; x += 4) {
      const float* from = saved + x * N;
      const VF four =
          add_pairs(add_halves(load(from), load(from + N)), add_halves(load(from + 2 * N), load(from + 3 * N)));
      hn::Store(fold_lanes<4>(four, kAdd), DF(), lanes);
      GRAPHSIEVE_UNROLL for (int i = 0; i < 4; ++i) store_as(row + x + i, lanes[i]);
    }
  }

  template <bool Ahead, class T>
  static HWY_INLINE void add(const HeadLayout&, const ChunkRows<T>& c, const float* coefficient, int64_t begin,
                             int64_t end, Sum& sum) {
    const DF d;
    VF a = load(coefficient);
    if (begin > 0 || end < kEdges) {
      const auto outside =
          hn::Or(hn::FirstN(d, static_cast<size_t>(begin)), hn::Not(hn::FirstN(d, static_cast<size_t>(end))));
      a = hn::IfThenZeroElse(outside, a);
    }
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] = hn::MulAdd(a, load(c.columns + x * N), sum.vector[x]);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
