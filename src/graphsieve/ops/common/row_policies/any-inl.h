// SPDX-License-Identifier: Apache-2.0
// The policy for every layout. It loops over edges and heads.
#if defined(GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_ANY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_ANY_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_ANY_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_ANY_INL_H_
#endif

#include <algorithm>

#include "graphsieve/ops/common/row_chunks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// The functions are those of every policy, see with_policy-inl.h.
struct Any : RowOrder<false> {
  static constexpr bool kSharedRows = true;
  static int64_t edges(const HeadLayout& layout) { return layout.chunk(); }
  static int64_t heads(const HeadLayout& layout) { return layout.heads; }
  static int64_t row(const HeadLayout& layout) { return layout.row(); }
  struct Sum {
    float* memory;
  };

  static int64_t size(const HeadLayout& layout) { return layout.row(); }

  static VF fold_sum(const HeadLayout& layout, VF v) {
    return fold(layout, v, [](float a, float b) { return a + b; });
  }
  static VF fold_max(const HeadLayout& layout, VF v) {
    return fold(layout, v, [](float a, float b) { return std::max(a, b); });
  }
  static VF per_head(const HeadLayout& layout, const float* p) {
    HWY_ALIGN float lanes[N];
    for (int64_t i = 0; i < N; ++i) lanes[i] = p[i % layout.heads];
    return hn::Load(DF(), lanes);
  }

  template <bool Ahead, class T>
  static void stage(const HeadLayout&, const ChunkRows<T>&) {}

  template <class T>
  static VF dots(const HeadLayout& layout, const ChunkRows<T>& c, const Weights& w) {
    HWY_ALIGN float sums[N];
    for (int64_t e = 0; e < layout.chunk(); ++e)
      for (int64_t h = 0; h < layout.heads; ++h) {
        const T* x = c.rows[c.index[e]] + h * layout.width;
        const float* weight = w.weight + (w.type ? w.type[e] * w.stride : 0) + h * layout.width;
        sums[e * layout.heads + h] = dot(x, weight, layout.width);
      }
    return hn::Load(DF(), sums);
  }

  static void clear(const HeadLayout& layout, Sum& sum) { std::fill_n(sum.memory, layout.row(), 0.f); }
  static void save(const HeadLayout& layout, const Sum& sum, float* to) { std::copy_n(sum.memory, layout.row(), to); }
  static void restore(const HeadLayout& layout, const float* from, Sum& sum) {
    std::copy_n(from, layout.row(), sum.memory);
  }
  static void scale(const HeadLayout& layout, const float* head, Sum& sum) {
    for (int64_t c = 0; c < layout.row(); ++c) sum.memory[c] *= head[c / layout.width];
  }
  static void add_scaled(const HeadLayout& layout, const float* saved, const float* head, Sum& sum) {
    for (int64_t c = 0; c < layout.row(); ++c) sum.memory[c] += saved[c] * head[c / layout.width];
  }
  template <class T>
  static void row_dots(const HeadLayout& layout, const T* a, const T* b, float* to) {
    for (int64_t h = 0; h < layout.heads; ++h) {
      to[h] = 0;
      for (int64_t c = h * layout.width; c < (h + 1) * layout.width; ++c) to[h] += to_float(a[c]) * to_float(b[c]);
    }
  }
  template <class T>
  static void add_product(const HeadLayout& layout, const Sum& sum, const T* row, float* to) {
    for (int64_t c = 0; c < layout.row(); ++c) to[c] += sum.memory[c] * to_float(row[c]);
  }
  template <class T>
  static void to_row(const HeadLayout& layout, const float* saved, T* row) {
    for (int64_t c = 0; c < layout.row(); ++c) store_as(row + c, saved[c]);
  }

  template <bool Ahead, class T>
  static void add(const HeadLayout& layout, const ChunkRows<T>& c, const float* coefficient, int64_t begin, int64_t end,
                  Sum& sum) {
    for (int64_t e = begin; e < end; ++e)
      for (int64_t h = 0; h < layout.heads; ++h) {
        const T* x = c.rows[c.index[e]] + h * layout.width;
        const float a = coefficient[e * layout.heads + h];
        float* to = sum.memory + h * layout.width;
        int64_t i = 0;
        for (; i + N <= layout.width; i += N)
          hn::StoreU(hn::MulAdd(hn::Set(DF(), a), load(x + i), load(to + i)), DF(), to + i);
        for (; i < layout.width; ++i) to[i] += a * to_float(x[i]);
      }
  }

 private:
  template <class Op>
  static VF fold(const HeadLayout& layout, VF v, const Op& op) {
    HWY_ALIGN float lanes[N];
    hn::Store(v, DF(), lanes);
    for (int64_t i = layout.heads; i < N; ++i) lanes[i % layout.heads] = op(lanes[i % layout.heads], lanes[i]);
    return per_head(layout, lanes);
  }

  template <class T>
  static float dot(const T* x, const float* weight, int64_t width) {
    VF sum = hn::Zero(DF());
    int64_t i = 0;
    for (; i + N <= width; i += N) sum = hn::MulAdd(load(x + i), load(weight + i), sum);
    float total = i > 0 ? hn::GetLane(hn::SumOfLanes(DF(), sum)) : 0.f;
    for (; i < width; ++i) total += to_float(x[i]) * weight[i];
    return total;
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
