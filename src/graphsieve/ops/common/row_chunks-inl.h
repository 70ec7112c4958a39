// Vector code over rows gathered by index, a chunk of edges at a time: dot products of each row with a row of weights, and
// weighted sums of rows, both split over heads. Included once per vector target (Highway's foreach_target).
//
// A row is `heads` stretches of `width` floats, `heads` a power of two that divides the vector length N, `width` either a
// power of two below N or a multiple of N (HeadLayout pads to that). A vector of results holds edge by edge, head by head,
// so a chunk is N / heads edges. How a chunk's rows lie in vectors is a policy, chosen once a call:
//
//   Wide<L, PerEdge, V>  rows of a vector or more; L leaves a chunk, PerEdge of them for one row, V vectors a leaf
//   Lanes<L>             one head of L = 4 or 8 floats: rows are turned into L columns, an edge a lane
//   Any                  every other layout, by loops
//
// Every policy has: edges, heads and row of a chunk; Sum, a weighted sum of rows, which in memory takes `size` floats
// (save, restore; add_product and to_row work on saved sums); fold_sum and fold_max over the edges of a vector of results,
// left in every lane of a head; per_head, a number a head in that layout.
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
#include <utility>

#include "graphsieve/ops/common/bfloat16.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

// Loops over a row's vectors hold their sums in registers only if unrolled, which the compiler does not do by itself.
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
/// Rounds to nearest, ties to even; NaN stays NaN.
HWY_INLINE void store(VF x, BFloat16* to) {
  const hn::RebindToUnsigned<DF> du;
  const hn::Rebind<uint16_t, DF> dh;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF))));
  const auto kept = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(x)), hn::Set(du, 0x7FC0), rounded);
  hn::StoreU(hn::TruncateTo(dh, kept), dh, &to->bits);
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
/// Four numbers in a vector of 128 bits.
HWY_INLINE auto load_four(const float* p) { return hn::LoadU(D4(), p); }
HWY_INLINE auto load_four(const BFloat16* p) {
  HWY_ALIGN float four[4];
  for (int i = 0; i < 4; ++i) four[i] = to_float(p[i]);
  return hn::LoadU(D4(), four);
}

/// e^x for x <= 88, relative error below 4e-7; below −86 it stays at e^−86. The polynomial is evaluated in pairs, for a
/// short chain: a chunk's exponentials wait for its dot products, and its weighted sum for them.
HWY_INLINE VF exp_bounded(VF x) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  x = hn::Max(x, hn::Set(d, -86.0f));
  // Adding 1.5 · 2^23 rounds to an integer, which then stands in the low bits.
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

/// How a row of heads x width is laid out for the vectors of this target.
struct HeadLayout {
  int64_t heads, width;
  HeadLayout(int64_t given_heads, int64_t given_width)
      : heads(std::bit_ceil(static_cast<uint64_t>(given_heads))),
        width(given_width > N ? (given_width + N - 1) / N * N
                              : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(given_width)))) {
    if (heads == 1) width = std::max<int64_t>(width, 4);
  }
  int64_t row() const { return heads * width; }                 ///< floats
  int64_t padded_row() const { return row() < N ? N : row(); }  ///< floats of a row that stands alone in vectors
  int64_t chunk() const { return N / heads; }                   ///< edges
  bool operator==(const HeadLayout& other) const = default;
};

/// Rows in memory: row r begins at base + r * stride.
template <class T>
struct Rows {
  const T* base;
  int64_t stride;
  const T* operator[](int64_t r) const { return base + r * stride; }
};

/// Sums neighbouring lanes of two vectors, in 128-bit blocks: [a0+a1, b0+b1, a2+a3, b2+b3].
HWY_INLINE VF add_lanes(VF a, VF b) { return hn::Add(hn::OddEven(b, a), hn::Shuffle2301(hn::OddEven(a, b))); }
/// Half of a sum of four: [a0+a2, b0+b2, a1+a3, b1+b3] of every block; add_pairs brings the other half.
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

/// N / 4 rows of four, row b at row(b), side by side.
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

/// Four columns of N rows of four, row e at row(e): column x holds element x of every row.
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

/// Sums of G neighbouring floats (G a power of two up to N) over the vectors leaf(0) … leaf(G - 1), in the order that
/// costs least (SumOrder tells it). L leaves from leaf I on are joined by this call.
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

/// Where sum_tree<G> leaves each sum, worked out by taking its steps on lane numbers.
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

  /// Which sum each lane holds after joining `leaves` leaves from `first` on.
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

/// Joins the lanes of each head, `H` heads side by side over and over, and leaves the result in all of them.
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

/// Sums of L neighbouring lanes, left in all of them.
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

/// H numbers over and over.
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

/// The head of each lane, relative to the vector's first, for heads of `width` lanes.
HWY_INLINE auto head_of_lane(int64_t width) {
  const hn::RebindToSigned<DF> di;
  return hn::IndicesFromVec(DF(), hn::ShiftRightSame(hn::Iota(di, 0), std::countr_zero(static_cast<uint64_t>(width))));
}

/// Lanes of a chunk that hold its first `count` edges.
HWY_INLINE auto first_edges(int64_t count, int64_t heads) {
  return hn::FirstN(DF(), static_cast<size_t>(std::min(N, count * heads)));
}

/// True if the first `count` of a chunk's types are equal; count is 1 to 16, 16 bytes may be read.
HWY_INLINE bool all_equal(const uint8_t* type, int64_t count) {
  uint64_t low, high;
  std::memcpy(&low, type, 8);
  const uint64_t first = 0x0101010101010101ull * type[0];
  if (count <= 8) return (low ^ first) << (64 - 8 * count) == 0;
  std::memcpy(&high, type + 8, 8);
  return low == first && (high ^ first) << (128 - 8 * count) == 0;
}

/// The types of a chunk's first `count` edges; nearly always one, since a row's edges stand by type.
struct ChunkTypes {
  const uint8_t* type;
  bool same;
  ChunkTypes() : type(nullptr), same(false) {}
  HWY_INLINE ChunkTypes(const uint8_t* t, int64_t count) : type(t), same(all_equal(t, count)) {}
};

/// The types of N edges, an edge a lane.
HWY_INLINE auto type_lanes(const uint8_t* type) {
  const hn::RebindToSigned<DF> di;
  return hn::PromoteTo(di, hn::LoadU(hn::Rebind<uint8_t, DF>(), type));
}

/// A row of weights for dot products: one row, or where types differ one a type, `stride` apart.
struct Weights {
  const float* weight;
  int64_t stride;
  const uint8_t* type;  ///< of the chunk's edges, or null for one row
  int types;

  HWY_INLINE Weights(const float* row) : weight(row), stride(0), type(nullptr), types(1) {}
  HWY_INLINE Weights(const float* rows, int64_t row_stride, const ChunkTypes& t, int type_count)
      : weight(t.same ? rows + t.type[0] * row_stride : rows), stride(row_stride), type(t.same ? nullptr : t.type),
        types(type_count) {}
};

/// The rows of a chunk's edges. `ahead` are the indices of as many edges further on, whose rows are fetched line by line
/// between the arithmetic: all at once they would block the loads behind them. `columns` is where Lanes keeps its columns,
/// N · row floats.
template <class T>
struct ChunkRows {
  Rows<T> rows;
  const int32_t* index;
  const int32_t* ahead;
  float* columns;
};

/// Fetches the cache line that begins at element `At` of a row, if one does.
template <int At, class T>
HWY_INLINE void fetch_line(const T* row) {
  if constexpr (At * sizeof(T) % 64 == 0) hwy::Prefetch(row + At);
}

template <int L, int PerEdge, int V>
struct Wide {
  static constexpr int kEdges = L / PerEdge, kVectors = PerEdge * V, kHeads = static_cast<int>(N) * PerEdge / L;
  static constexpr int64_t edges(const HeadLayout&) { return kEdges; }  ///< of a chunk
  static constexpr int64_t heads(const HeadLayout&) { return kHeads; }
  static constexpr int64_t row(const HeadLayout&) { return kVectors * N; }
  struct Sum {
    VF vector[kVectors];
  };

  static constexpr int64_t size(const HeadLayout&) { return kVectors * N; }

  static HWY_INLINE VF fold_sum(const HeadLayout&, VF v) { return fold_lanes<kHeads>(v, kAdd); }
  static HWY_INLINE VF fold_max(const HeadLayout&, VF v) { return fold_lanes<kHeads>(v, kMax); }
  static HWY_INLINE VF per_head(const HeadLayout&, const float* p) { return repeat_lanes<kHeads>(p); }

  template <bool Ahead, class T>
  static HWY_INLINE void stage(const HeadLayout&, const ChunkRows<T>&) {}

  template <class T>
  static HWY_INLINE VF dots(const HeadLayout&, const ChunkRows<T>& c, const Weights& w) {
    return HWY_UNLIKELY(w.type) ? dots_of<true>(c, w) : dots_of<false>(c, w);
  }

  static HWY_INLINE void clear(const HeadLayout&, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) sum.vector[v] = hn::Zero(DF());
  }
  static HWY_INLINE void save(const HeadLayout&, const Sum& sum, float* to) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) store(sum.vector[v], to + v * N);
  }
  static HWY_INLINE void restore(const HeadLayout&, const float* from, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) sum.vector[v] = load(from + v * N);
  }
  /// sum *= a number a head
  static HWY_INLINE void scale(const HeadLayout&, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) sum.vector[v] = hn::Mul(sum.vector[v], head_factor(head, v));
  }
  /// sum += a saved sum * a number a head
  static HWY_INLINE void add_scaled(const HeadLayout&, const float* saved, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v)
      sum.vector[v] = hn::MulAdd(load(saved + v * N), head_factor(head, v), sum.vector[v]);
  }
  /// The dot product of each head of two rows.
  template <class T>
  static HWY_INLINE void row_dots(const HeadLayout&, const T* a, const T* b, float* to) {
    HWY_ALIGN float lanes[N];
    GRAPHSIEVE_UNROLL for (int at = 0; at < kVectors; at += V) {
      VF sum = hn::Mul(load(a + at * N), load(b + at * N));
      GRAPHSIEVE_UNROLL for (int v = 1; v < V; ++v)
        sum = hn::MulAdd(load(a + (at + v) * N), load(b + (at + v) * N), sum);
      hn::Store(sum_neighbours<L>(sum), DF(), lanes);
      GRAPHSIEVE_UNROLL for (int l = 0; l < static_cast<int>(N); l += L) *to++ = lanes[l];
    }
  }
  /// to += sum * row
  template <class T>
  static HWY_INLINE void add_product(const HeadLayout&, const Sum& sum, const T* row, float* to) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v)
      store(hn::MulAdd(sum.vector[v], load(row + v * N), load(to + v * N)), to + v * N);
  }
  template <class T>
  static HWY_INLINE void to_row(const HeadLayout&, const float* saved, T* row) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) store(load(saved + v * N), row + v * N);
  }

  /// sum += coefficient[e][head] * row_e for edges [begin, end) of the chunk.
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
      fetch_line<at>(ahead[e]);
      VF sum = hn::Mul(load(x), load(weight));
      GRAPHSIEVE_UNROLL for (int v = 1; v < V; ++v) {
        hwy::Prefetch(ahead[e] + at + v * N);
        sum = hn::MulAdd(load(x + v * N), load(weight + v * N), sum);
      }
      return sum;
    }));
  }

  template <bool Ahead, class T>
  static HWY_INLINE void add_edge(const T* row, const T* ahead, const float* coefficient, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int v = 0; v < kVectors; ++v) {
      if (Ahead && v * N * sizeof(T) % 64 == 0) hwy::Prefetch(ahead + v * N);
      sum.vector[v] = hn::MulAdd(head_factor(coefficient, v), load(row + v * N), sum.vector[v]);
    }
  }

  /// The numbers of the heads that vector v of a row holds.
  static HWY_INLINE VF head_factor(const float* head, int v) {
    if constexpr (L == N) return hn::Set(DF(), head[v / V]);
    return hn::TableLookupLanes(load(head + v * N / L), head_of_lane(L));
  }
};

template <int L>
struct Lanes {
  static constexpr int kEdges = static_cast<int>(N);
  static constexpr int64_t edges(const HeadLayout&) { return kEdges; }
  static constexpr int64_t heads(const HeadLayout&) { return 1; }
  static constexpr int64_t row(const HeadLayout&) { return L; }
  static constexpr int64_t size(const HeadLayout&) { return L * N; }
  struct Sum {
    VF vector[L];  ///< a column each, lanes not yet joined
  };

  static HWY_INLINE VF fold_sum(const HeadLayout&, VF v) { return fold_lanes<1>(v, kAdd); }
  static HWY_INLINE VF fold_max(const HeadLayout&, VF v) { return fold_lanes<1>(v, kMax); }
  static HWY_INLINE VF per_head(const HeadLayout&, const float* p) { return hn::Set(DF(), p[0]); }

  /// Turns the chunk's rows into columns.
  template <bool Ahead, class T>
  static HWY_INLINE void stage(const HeadLayout&, const ChunkRows<T>& c) {
    if constexpr (Ahead)
      GRAPHSIEVE_UNROLL for (int e = 0; e < kEdges; ++e) hwy::Prefetch(c.rows[c.ahead[e]]);
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
        GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x)
          weight[x] = hn::IfThenElse(of_type, hn::Set(d, w.weight[t * w.stride + x]), weight[x]);
      }
    }
    VF sum[2] = {hn::Mul(load(c.columns), weight[0]), hn::Mul(load(c.columns + N), weight[1])};
    GRAPHSIEVE_UNROLL for (int x = 2; x < L; ++x) sum[x % 2] = hn::MulAdd(load(c.columns + x * N), weight[x], sum[x % 2]);
    return hn::Add(sum[0], sum[1]);
  }

  static HWY_INLINE void clear(const HeadLayout&, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] = hn::Zero(DF());
  }
  static HWY_INLINE void save(const HeadLayout&, const Sum& sum, float* to) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) store(sum.vector[x], to + x * N);
  }
  static HWY_INLINE void restore(const HeadLayout&, const float* from, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] = load(from + x * N);
  }
  static HWY_INLINE void scale(const HeadLayout&, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x) sum.vector[x] = hn::Mul(sum.vector[x], hn::Set(DF(), *head));
  }
  static HWY_INLINE void add_scaled(const HeadLayout&, const float* saved, const float* head, Sum& sum) {
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x)
      sum.vector[x] = hn::MulAdd(load(saved + x * N), hn::Set(DF(), *head), sum.vector[x]);
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
      const VF four = add_pairs(add_halves(load(from), load(from + N)), add_halves(load(from + 2 * N), load(from + 3 * N)));
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
      const auto outside = hn::Or(hn::FirstN(d, static_cast<size_t>(begin)), hn::Not(hn::FirstN(d, static_cast<size_t>(end))));
      a = hn::IfThenZeroElse(outside, a);
    }
    GRAPHSIEVE_UNROLL for (int x = 0; x < L; ++x)
      sum.vector[x] = hn::MulAdd(a, load(c.columns + x * N), sum.vector[x]);
  }
};

struct Any {
  static int64_t edges(const HeadLayout& layout) { return layout.chunk(); }
  static int64_t heads(const HeadLayout& layout) { return layout.heads; }
  static int64_t row(const HeadLayout& layout) { return layout.row(); }
  struct Sum {
    float* memory;
  };

  static int64_t size(const HeadLayout& layout) { return layout.row(); }

  static VF fold_sum(const HeadLayout& layout, VF v) { return fold(layout, v, [](float a, float b) { return a + b; }); }
  static VF fold_max(const HeadLayout& layout, VF v) { return fold(layout, v, [](float a, float b) { return std::max(a, b); }); }
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

/// Calls visit(policy) with the policy for two layouts: the shared one where they are equal and common, else Any. The
/// list is short because every entry is compiled for each target and storage type; four-lane targets take Any.
template <class Visit>
auto with_policy(const HeadLayout& a, const HeadLayout& b, const Visit& visit) {
  if constexpr (N > 4) {
    if (!(a == b)) return visit(Any());
    const int64_t vectors = a.width / N, per_edge = a.row() / N;
#define GRAPHSIEVE_WIDE(H, V) \
  if (a.width >= N && a.heads == H && vectors == V) return visit(Wide<static_cast<int>(N), H, V>());
    GRAPHSIEVE_WIDE(1, 1) GRAPHSIEVE_WIDE(1, 2) GRAPHSIEVE_WIDE(1, 4) GRAPHSIEVE_WIDE(1, 8)
    GRAPHSIEVE_WIDE(2, 2) GRAPHSIEVE_WIDE(2, 3) GRAPHSIEVE_WIDE(2, 4)
    GRAPHSIEVE_WIDE(4, 1) GRAPHSIEVE_WIDE(4, 2) GRAPHSIEVE_WIDE(8, 1)
#undef GRAPHSIEVE_WIDE
#define GRAPHSIEVE_NARROW(L, P) \
  if constexpr (L < N)          \
    if (a.width == L && per_edge == P) return visit(Wide<L, P, 1>());
    GRAPHSIEVE_NARROW(4, 1) GRAPHSIEVE_NARROW(8, 1) GRAPHSIEVE_NARROW(8, 2) GRAPHSIEVE_NARROW(8, 4)
#undef GRAPHSIEVE_NARROW
#define GRAPHSIEVE_LANES(L) \
  if constexpr (L < N)      \
    if (a.width == L && a.heads == 1) return visit(Lanes<L>());
    GRAPHSIEVE_LANES(4) GRAPHSIEVE_LANES(8)
#undef GRAPHSIEVE_LANES
  }
  return visit(Any());
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
