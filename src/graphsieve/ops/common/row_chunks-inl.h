// SPDX-License-Identifier: Apache-2.0
// Vector code over rows that are gathered by index, a chunk of edges at a time: dot products of each row with a row of
// weights, and weighted sums of rows. Both are made separately per head. This file is included once per vector target
// (Highway's foreach_target).
//
// A row consists of `heads` parts of `width` floats. `heads` is a power of two that divides the vector length N;
// `width` is either a power of two below N or a multiple of N (HeadLayout pads to such numbers). A vector of results
// has one number per edge and head, the heads of an edge side by side, so a chunk has N / heads edges. A policy defines
// how the rows of a chunk lie in vectors (row_policies/).
#if defined(GRAPHSIEVE_OPS_COMMON_ROW_CHUNKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_ROW_CHUNKS_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_ROW_CHUNKS_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_ROW_CHUNKS_INL_H_
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "graphsieve/ops/common/bfloat16.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

// Loops over the vectors of a row keep their sums in registers only if they are unrolled, which the compiler does not
// do by itself.
#undef GRAPHSIEVE_UNROLL
#define GRAPHSIEVE_UNROLL _Pragma("GCC unroll 16")

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;
constexpr int64_t N = HWY_LANES(float);

HWY_INLINE VF load(const float* p) { return hn::LoadU(DF(), p); }
HWY_INLINE VF load(const BFloat16* p) {
  const hn::RebindToUnsigned<DF> du;
  const hn::Rebind<uint16_t, DF> dh;
  return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(dh, &p->bits))));
}

HWY_INLINE void store(VF x, float* to) { hn::StoreU(x, DF(), to); }
/// Rounds to bfloat16, in the lower half of each lane. Rounds to nearest, ties to even; NaN stays NaN.
HWY_INLINE auto rounded_bits(VF x) {
  const hn::RebindToUnsigned<DF> du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF))));
  return hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(x)), hn::Set(du, 0x7FC0), rounded);
}
HWY_INLINE void store(VF x, BFloat16* to) {
  const hn::Rebind<uint16_t, DF> dh;
  hn::StoreU(hn::TruncateTo(dh, rounded_bits(x)), dh, &to->bits);
}

/// Returns N pairs of neighbours as numbers of 32 bits. The first of a pair is in the lower half.
HWY_INLINE auto load_pairs(const BFloat16* p) {
  return hn::BitCast(hn::RebindToUnsigned<DF>(), hn::LoadU(hn::Repartition<uint16_t, DF>(), &p->bits));
}
/// Store N pairs of neighbours, given their first and their second numbers.
HWY_INLINE void store_pairs(VF first, VF second, float* to) {
  HWY_ALIGN float numbers[2 * N];
  hn::Store(first, DF(), numbers);
  hn::Store(second, DF(), numbers + N);
  for (int64_t i = 0; i < N; ++i) to[2 * i] = numbers[i], to[2 * i + 1] = numbers[N + i];
}
HWY_INLINE void store_pairs(VF first, VF second, BFloat16* to) {
  const auto pairs = hn::Or(rounded_bits(first), hn::ShiftLeft<16>(rounded_bits(second)));
  hn::StoreU(hn::BitCast(hn::Repartition<uint16_t, DF>(), pairs), hn::Repartition<uint16_t, DF>(), &to->bits);
}

inline float to_float(float x) { return x; }
inline float to_float(BFloat16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16); }
inline void store_as(float* to, float x) { *to = x; }
/// Rounds to nearest, ties to even; NaN stays NaN.
inline void store_as(BFloat16* to, float x) {
  const uint32_t b = std::bit_cast<uint32_t>(x);
  to->bits = x != x ? 0x7FC0 : static_cast<uint16_t>((b + 0x7FFF + ((b >> 16) & 1)) >> 16);
}

using D4 = hn::CappedTag<float, 4>;
/// Loads four numbers into a vector of 128 bits.
HWY_INLINE auto load_four(const float* p) { return hn::LoadU(D4(), p); }
HWY_INLINE auto load_four(const BFloat16* p) {
  HWY_ALIGN float four[4];
  for (int i = 0; i < 4; ++i) four[i] = to_float(p[i]);
  return hn::LoadU(D4(), four);
}

/// Returns e^x for x <= 88 with a relative error below 4e-7; below −86 the result is e^−86. The polynomial is evaluated
/// in pairs to make the chain of dependent operations short: the exponentials of a chunk wait for its dot products, and
/// its weighted sum waits for the exponentials.
HWY_INLINE VF exp_bounded(VF x) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  x = hn::Max(x, hn::Set(d, -86.0f));
  // Adding 1.5 · 2^23 rounds to an integer, which is then in the low bits.
  const VF magic = hn::Set(d, 12582912.0f);
  const VF rounded = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const VF f = hn::NegMulAdd(hn::Sub(rounded, magic), hn::Set(d, 0.693147182f), x);
  const VF f2 = hn::Mul(f, f);
  const VF low = hn::MulAdd(hn::Set(d, 0.16666415340713384f), f, hn::Set(d, 0.5000000107834217f));
  const VF mid = hn::MulAdd(hn::Set(d, 0.008375140255133326f), f, hn::Set(d, 0.04166621803885854f));
  const VF high = hn::MulAdd(hn::Set(d, 0.0013948596510024761f), f2, mid);
  const VF p = hn::MulAdd(f2, hn::MulAdd(f2, high, low), hn::Add(f, hn::Set(d, 1.0f)));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, rounded))));
}

/// The layout of a row of heads x width for the vectors of this target. Heads are padded to a power of two, and widths
/// to a power of two or to a multiple of N.
struct HeadLayout {
  int64_t heads, width;
  HeadLayout(int64_t given_heads, int64_t given_width)
      : heads(std::bit_ceil(static_cast<uint64_t>(given_heads))),
        width(given_width > N ? (given_width + N - 1) / N * N
                              : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(given_width)))) {
    if (heads == 1) width = std::max<int64_t>(width, 4);
  }
  int64_t row() const { return heads * width; }                 ///< floats of a row
  int64_t padded_row() const { return row() < N ? N : row(); }  ///< floats of a row that is loaded as whole vectors
  int64_t chunk() const { return N / heads; }                   ///< edges of a chunk
  bool operator==(const HeadLayout& other) const = default;
};

/// Rows in memory. Row r begins at base + r * stride.
template <class T>
struct Rows {
  const T* base;
  int64_t stride;
  const T* operator[](int64_t r) const { return base + r * stride; }
};

/// Sums neighbouring lanes of two vectors, within 128-bit blocks: [a0+a1, b0+b1, a2+a3, b2+b3].
HWY_INLINE VF add_lanes(VF a, VF b) { return hn::Add(hn::OddEven(b, a), hn::Shuffle2301(hn::OddEven(a, b))); }
/// Makes half of a sum of four lanes: [a0+a2, b0+b2, a1+a3, b1+b3] in every block. add_pairs() adds the other half.
HWY_INLINE VF add_halves(VF a, VF b) {
  return hn::Add(hn::InterleaveLower(DF(), a, b), hn::InterleaveUpper(DF(), a, b));
}
HWY_INLINE VF add_pairs(VF a, VF b) {
  const hn::Repartition<double, DF> d2;
  const auto x = hn::BitCast(d2, a), y = hn::BitCast(d2, b);
  return hn::Add(hn::BitCast(DF(), hn::InterleaveLower(d2, x, y)), hn::BitCast(DF(), hn::InterleaveUpper(d2, x, y)));
}
#if HWY_MAX_BYTES >= 32
/// Sums neighbouring 128-bit blocks: blocks [a0+a1, b0+b1, a2+a3, b2+b3].
HWY_INLINE VF add_blocks(VF a, VF b) {
  return hn::Add(hn::OddEvenBlocks(b, a), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(a, b)));
}
/// Sums the halves of a vector: [lower(a)+upper(a), lower(b)+upper(b)].
HWY_INLINE VF add_vector_halves(VF a, VF b) {
  return hn::Add(hn::ConcatLowerLower(DF(), b, a), hn::ConcatUpperUpper(DF(), b, a));
}
#endif

/// Loads N / 4 rows of four numbers, row b at row(b), next to each other.
template <class Row>
HWY_INLINE VF rows_of_four(const Row& row) {
#if HWY_MAX_BYTES >= 64
  const hn::Half<DF> half;
  return hn::Combine(DF(), hn::Combine(half, load_four(row(3)), load_four(row(2))),
                     hn::Combine(half, load_four(row(1)), load_four(row(0))));
#elif HWY_MAX_BYTES >= 32
  return hn::Combine(DF(), load_four(row(1)), load_four(row(0)));
#else
  return load_four(row(0));
#endif
}

/// Loads N rows of four numbers, row e at row(e), as four columns: column x has element x of every row.
template <class Row>
HWY_INLINE void columns_of_four(const Row& row, VF to[4]) {
  const hn::Repartition<double, DF> d2;
  VF rows[4];
  GRAPHSIEVE_UNROLL for (int i = 0; i < 4; ++i) rows[i] = rows_of_four([&](int b) HWY_ATTR { return row(i + 4 * b); });
  const VF a = hn::InterleaveLower(DF(), rows[0], rows[1]), b = hn::InterleaveLower(DF(), rows[2], rows[3]);
  const VF c = hn::InterleaveUpper(DF(), rows[0], rows[1]), e = hn::InterleaveUpper(DF(), rows[2], rows[3]);
  const auto pair = [&](VF x) HWY_ATTR { return hn::BitCast(d2, x); };
  to[0] = hn::BitCast(DF(), hn::InterleaveLower(d2, pair(a), pair(b)));
  to[1] = hn::BitCast(DF(), hn::InterleaveUpper(d2, pair(a), pair(b)));
  to[2] = hn::BitCast(DF(), hn::InterleaveLower(d2, pair(c), pair(e)));
  to[3] = hn::BitCast(DF(), hn::InterleaveUpper(d2, pair(c), pair(e)));
}

/// Sums G neighbouring floats (G is a power of two up to N) over the vectors leaf(0) … leaf(G - 1). The sums come out
/// in the order that costs least (see SumOrder). This call joins L leaves from leaf I on.
template <int G, int L, int I, class Leaf>
HWY_INLINE VF sum_tree(const Leaf& leaf) {
  if constexpr (L == 1) {
    return leaf(std::integral_constant<int, I>());
  } else {
    const VF a = sum_tree<G, L / 2, I>(leaf), b = sum_tree<G, L / 2, I + L / 2>(leaf);
    if constexpr (L == 2) return G == 2 ? add_lanes(a, b) : add_halves(a, b);
    if constexpr (L == 4) return add_pairs(a, b);
#if HWY_MAX_BYTES >= 32
    if constexpr (L == 8) return add_blocks(a, b);
    if constexpr (L == 16) return add_vector_halves(a, b);
#endif
  }
}

/// The lane in which sum_tree<G> leaves each sum, found by performing the steps of sum_tree on numbers of lanes.
template <int G>
struct SumOrder {
  using Lanes = std::array<int32_t, N>;

  static constexpr Lanes join(const Lanes& a, const Lanes& b, int leaves) {
    Lanes to{};
    for (int i = 0; i < N; ++i) {
      const int block = i / 4 * 4, lane = i % 4;
      if (leaves == 2) to[i] = G == 2 ? (lane % 2 ? b[block + lane - 1] : a[i]) : (lane % 2 ? b : a)[block + lane / 2];
      if (leaves == 4) to[i] = (lane < 2 ? a : b)[block + lane % 2];
      if (leaves == 8) to[i] = i / 4 % 2 ? b[i - 4] : a[i];
      if (leaves == 16) to[i] = (i < N / 2 ? a : b)[i % (N / 2)];
    }
    return to;
  }

  /// Returns which sum each lane has after joining `leaves` leaves from `first` on.
  static constexpr Lanes sums(int leaves, int first) {
    Lanes to{};
    if (leaves > 1) return join(sums(leaves / 2, first), sums(leaves / 2, first + leaves / 2), leaves);
    for (int i = 0; i < N; ++i) to[i] = first * static_cast<int>(N / G) + i / G;
    return to;
  }

  static constexpr Lanes places() {
    const Lanes held = sums(G, 0);
    Lanes to{};
    for (int i = 0; i < N; ++i) to[held[i]] = i;
    return to;
  }
};

template <int G>
HWY_INLINE VF ordered(VF sums) {
  alignas(64) static constexpr auto kFrom = SumOrder<G>::places();
  return hn::TableLookupLanes(sums, hn::SetTableIndices(DF(), kFrom.data()));
}

/// Joins the lanes of each head by `op`, where the lanes of `H` heads alternate, and leaves the result in all lanes of
/// the head.
template <int H, class Op>
HWY_INLINE VF fold_lanes(VF v, const Op& op) {
#if HWY_MAX_BYTES >= 64
  if constexpr (H <= 8) v = op(v, hn::ConcatLowerUpper(DF(), v, v));
#endif
#if HWY_MAX_BYTES >= 32
  if constexpr (N >= 8 && H <= 4) v = op(v, hn::SwapAdjacentBlocks(v));
#endif
  if constexpr (H <= 2) v = op(v, hn::Shuffle1032(v));
  if constexpr (H <= 1) v = op(v, hn::Shuffle2301(v));
  return v;
}

/// Sums L neighbouring lanes and leaves the sum in all of them.
template <int L>
HWY_INLINE VF sum_neighbours(VF v) {
  if constexpr (L >= 2) v = hn::Add(v, hn::Shuffle2301(v));
  if constexpr (L >= 4) v = hn::Add(v, hn::Shuffle1032(v));
#if HWY_MAX_BYTES >= 32
  if constexpr (L >= 8) v = hn::Add(v, hn::SwapAdjacentBlocks(v));
#endif
#if HWY_MAX_BYTES >= 64
  if constexpr (L >= 16) v = hn::Add(v, hn::ConcatLowerUpper(DF(), v, v));
#endif
  return v;
}

/// Loads H numbers and repeats them over the vector.
template <int H>
HWY_INLINE VF repeat_lanes(const float* p) {
  if constexpr (H == 1) return hn::Set(DF(), p[0]);
  if constexpr (H == 4) return hn::LoadDup128(DF(), p);
  HWY_ALIGN float lanes[N];
  for (int64_t i = 0; i < N; ++i) lanes[i] = p[i % H];
  return hn::Load(DF(), lanes);
}

constexpr auto kAdd = [](VF a, VF b) HWY_ATTR { return hn::Add(a, b); };
constexpr auto kMax = [](VF a, VF b) HWY_ATTR { return hn::Max(a, b); };

/// Returns the number of each lane's head, relative to the first head of the vector, for heads of `width` lanes.
HWY_INLINE auto head_of_lane(int64_t width) {
  const hn::RebindToSigned<DF> di;
  return hn::IndicesFromVec(DF(), hn::ShiftRightSame(hn::Iota(di, 0), std::countr_zero(static_cast<uint64_t>(width))));
}

/// Returns a mask of the lanes that have the first `count` edges of a chunk.
HWY_INLINE auto first_edges(int64_t count, int64_t heads) {
  return hn::FirstN(DF(), static_cast<size_t>(std::min(N, count * heads)));
}

/// True if the first `count` types of a chunk are equal. `count` is 1 to 16, and 16 bytes may be read.
HWY_INLINE bool all_equal(const uint8_t* type, int64_t count) {
  uint64_t low, high;
  std::memcpy(&low, type, 8);
  const uint64_t first = 0x0101010101010101ull * type[0];
  if (count <= 8) return (low ^ first) << (64 - 8 * count) == 0;
  std::memcpy(&high, type + 8, 8);
  return low == first && (high ^ first) << (128 - 8 * count) == 0;
}

/// The types of the first `count` edges of a chunk. They are nearly always equal, since the edges of a row are sorted
/// by type.
struct ChunkTypes {
  const uint8_t* type;
  bool same;
  ChunkTypes() : type(nullptr), same(false) {}
  HWY_INLINE ChunkTypes(const uint8_t* t, int64_t count) : type(t), same(all_equal(t, count)) {}
};

/// Returns the types of N edges, one edge per lane.
HWY_INLINE auto type_lanes(const uint8_t* type) {
  const hn::RebindToSigned<DF> di;
  return hn::PromoteTo(di, hn::LoadU(hn::Rebind<uint8_t, DF>(), type));
}

/// The weights of dot products: one row or, if the types of a chunk differ, one row per type, `stride` floats apart.
struct Weights {
  const float* weight;
  int64_t stride;
  const uint8_t* type;  ///< types of the chunk's edges; null for one row
  int types;

  HWY_INLINE Weights(const float* row) : weight(row), stride(0), type(nullptr), types(1) {}
  HWY_INLINE Weights(const float* rows, int64_t row_stride, const ChunkTypes& t, int type_count)
      : weight(t.same ? rows + t.type[0] * row_stride : rows),
        stride(row_stride),
        type(t.same ? nullptr : t.type),
        types(type_count) {}
};

/// The rows of a chunk's edges. `ahead` has the indices of as many edges further on. Their rows are prefetched line by
/// line between the arithmetic, since prefetching all lines at once would block the loads behind them. The policy Lanes
/// stores its columns in `columns`, N · row floats.
template <class T>
struct ChunkRows {
  Rows<T> rows;
  const int32_t* index;
  const int32_t* ahead;
  float* columns;
};

/// Prefetches the cache line that begins at element `at` of a row, if one begins there. Callers' loops are unrolled, so
/// that the compiler knows `at`.
template <class T>
HWY_INLINE void fetch_line(const T* row, int at) {
  if (at * sizeof(T) % 64 == 0) hwy::Prefetch(row + at);
}

/// The order in which weights and sums have the numbers of a row.
///
/// With `Pairs`, rows of bfloat16 are loaded as numbers of 32 bits, each of which has two neighbours: a shift gives the
/// first of the two as float32, a mask gives the second. This takes half of the instructions that widening 16 bits to
/// 32 takes. The first numbers of N pairs are one vector, their second numbers are the next one, and weights and sums
/// keep this order. Without `Pairs`, all numbers are in the order of their columns.
template <bool Pairs>
struct RowOrder {
  static constexpr bool kPairs = Pairs;

  /// Returns where weights and sums have the number of column c.
  static constexpr int64_t position(int64_t c) {
    return Pairs ? c / (2 * N) * (2 * N) + c % 2 * N + c % (2 * N) / 2 : c;
  }
  /// Returns vector v of a row. Rows of float32 that are given to a policy with pairs are in its order already.
  template <class T>
  static HWY_INLINE VF vector_of(const T* row, int64_t v) {
    if constexpr (Pairs && std::is_same_v<T, BFloat16>) {
      const hn::RebindToUnsigned<DF> du;
      const auto pairs = load_pairs(row + v / 2 * (2 * N));
      return hn::BitCast(DF(), v % 2 == 0 ? hn::ShiftLeft<16>(pairs) : hn::And(pairs, hn::Set(du, 0xFFFF0000)));
    } else {
      return load(row + v * N);
    }
  }
};

/// A sum that consists of `Count` vectors, and its form in memory.
template <int Count>
struct VectorSum {
  struct Sum {
    VF vector[Count];
  };
  static constexpr int64_t size(const HeadLayout&) { return Count * N; }
  static HWY_INLINE void clear(const HeadLayout&, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < Count; ++v) sum.vector[v] = hn::Zero(DF());
  }
  static HWY_INLINE void save(const HeadLayout&, const Sum& sum, float* to) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < Count; ++v) store(sum.vector[v], to + v * N);
  }
  static HWY_INLINE void restore(const HeadLayout&, const float* from, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < Count; ++v) sum.vector[v] = load(from + v * N);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
