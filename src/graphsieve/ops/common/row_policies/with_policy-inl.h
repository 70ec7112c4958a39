// SPDX-License-Identifier: Apache-2.0
// The choice of a policy, which defines how the rows of a chunk lie in vectors. Every policy has
// - kSharedRows: true if the policy serves the absorbed form of attention: a row has one head, and dots() and add()
//   read the rows where they are, so that stage() does nothing,
// - edges(), heads() and row(): the edges of a chunk, and the heads and floats of a row,
// - stage(): prepares the rows of a chunk for dots() and add(),
// - dots(): the dot products of the rows with weights, one number per edge and head,
// - Sum, a weighted sum of rows: clear(), add(), scale() and add_scaled() change it, save() and restore() move it to
//   and from memory, where it takes size() floats, and add_product() and to_row() use saved sums,
// - row_dots(): the dot products of two rows, per head,
// - fold_sum() and fold_max(): the sum or maximum over the edges of a vector of results, left in every lane of a
//   head,
// - per_head(): a number per head in the layout of a vector of results,
// - kPairs, position() and vector_of(): the order of the numbers of a row, see RowOrder.
#if defined(GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WITH_POLICY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WITH_POLICY_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WITH_POLICY_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_ROW_POLICIES_WITH_POLICY_INL_H_
#endif

#include "graphsieve/ops/common/row_policies/any-inl.h"
#include "graphsieve/ops/common/row_policies/lanes-inl.h"
#include "graphsieve/ops/common/row_policies/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// The policy for rows of storage type T with `PerEdge` leaves of V vectors, where each head has L lanes of its leaf.
/// Rows of bfloat16 are loaded by pairs if each head has an even number of vectors. If each leaf is one vector, two
/// leaves are taken as one leaf of two vectors, in which each head has half of the lanes.
template <class T, int L, int PerEdge, int V>
constexpr auto wide_policy() {
  constexpr bool kHalf = std::is_same_v<T, BFloat16>;
  if constexpr (kHalf && V % 2 == 0)
    return Wide<L, PerEdge, V, true>();
  else if constexpr (kHalf && V == 1 && PerEdge % 2 == 0)
    return Wide<L / 2, PerEdge / 2, 2, true>();
  else
    return Wide<L, PerEdge, V>();
}

/// Calls visit(policy) with the policy for two layouts of rows of type T: a fast one if the layouts are equal and
/// common, otherwise Any. The list is short because every entry is compiled for each target and storage type. Targets
/// with four lanes use Any.
template <class T, class Visit>
auto with_policy(const HeadLayout& a, const HeadLayout& b, const Visit& visit) {
  if constexpr (N > 4) {
    if (!(a == b)) return visit(Any());
    const int64_t vectors = a.width / N, per_edge = a.row() / N;
#define GRAPHSIEVE_WIDE(H, V) \
  if (a.width >= N && a.heads == H && vectors == V) return visit(wide_policy<T, static_cast<int>(N), H, V>());
    // clang-format off
    GRAPHSIEVE_WIDE(1, 1) GRAPHSIEVE_WIDE(1, 2) GRAPHSIEVE_WIDE(1, 4) GRAPHSIEVE_WIDE(1, 8)
    GRAPHSIEVE_WIDE(2, 2) GRAPHSIEVE_WIDE(2, 3) GRAPHSIEVE_WIDE(2, 4)
    GRAPHSIEVE_WIDE(4, 1) GRAPHSIEVE_WIDE(4, 2) GRAPHSIEVE_WIDE(8, 1)
#undef GRAPHSIEVE_WIDE
#define GRAPHSIEVE_NARROW(L, P) \
  if constexpr (L < N)          \
    if (a.width == L && per_edge == P) return visit(wide_policy<T, L, P, 1>());
    GRAPHSIEVE_NARROW(4, 1) GRAPHSIEVE_NARROW(8, 1) GRAPHSIEVE_NARROW(8, 2) GRAPHSIEVE_NARROW(8, 4)
#undef GRAPHSIEVE_NARROW
#define GRAPHSIEVE_LANES(L) \
  if constexpr (L < N)      \
    if (a.width == L && a.heads == 1) return visit(Lanes<L>());
    GRAPHSIEVE_LANES(4) GRAPHSIEVE_LANES(8)
    // clang-format on
#undef GRAPHSIEVE_LANES
  }
  return visit(Any());
}

/// Calls visit(policy) with the policy for rows of type T of one head, among those that have kSharedRows.
template <class T, class Visit>
auto with_wide_policy(const HeadLayout& layout, const Visit& visit) {
  if constexpr (N > 4) {
#define GRAPHSIEVE_WIDE(V) \
  if (layout.width == V * N) return visit(wide_policy<T, static_cast<int>(N), 1, V>());
    // clang-format off
    GRAPHSIEVE_WIDE(1) GRAPHSIEVE_WIDE(2) GRAPHSIEVE_WIDE(4) GRAPHSIEVE_WIDE(8) GRAPHSIEVE_WIDE(16)
    // clang-format on
#undef GRAPHSIEVE_WIDE
  }
  return visit(Any());
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
