// Vector code over rows gathered by index: dot products of many rows with one row, and weighted sums of rows, both split
// over heads. Included once per vector target (Highway's foreach_target).
//
// A row is `heads` stretches of `width` floats, `heads` a power of two that divides the vector length N, `width` either a
// power of two below N or a multiple of N (HeadLayout pads to that). Results stand edge by edge, head by head: the value
// of edge e and head h at [e * heads + h], so a vector of N results covers N / heads edges, a chunk.
//
// Rows shorter than a vector are first copied side by side (stage_rows), so that one vector holds several of them.
#if defined(GRAPHSIEVE_OPS_COMMON_GATHERED_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_GATHERED_ROWS_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_GATHERED_ROWS_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_GATHERED_ROWS_INL_H_
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

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

inline float to_float(float x) { return x; }
inline float to_float(BFloat16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16); }
inline void store_as(float* to, float x) { *to = x; }
/// Rounds to nearest, ties to even; NaN stays NaN.
inline void store_as(BFloat16* to, float x) {
  const uint32_t b = std::bit_cast<uint32_t>(x);
  to->bits = x != x ? 0x7FC0 : static_cast<uint16_t>((b + 0x7FFF + ((b >> 16) & 1)) >> 16);
}

/// How a row of heads x width is laid out for the vectors of this target.
struct HeadLayout {
  int64_t heads, width;
  HeadLayout(int64_t given_heads, int64_t given_width)
      : heads(std::bit_ceil(static_cast<uint64_t>(given_heads))),
        width(given_width > N ? (given_width + N - 1) / N * N
                              : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(given_width)))) {}
  int64_t row() const { return heads * width; }                 ///< floats
  bool staged() const { return row() < N; }                     ///< several rows a vector
  int64_t padded_row() const { return row() < N ? N : row(); }  ///< floats of a row that stands alone in vectors
};

/// Rows in memory: row r begins at base + r * stride.
template <class T>
struct Rows {
  const T* base;
  int64_t stride;
  const T* operator[](int64_t r) const { return base + r * stride; }
};

/// Copies rows narrower than a vector side by side, as floats.
template <class T>
void stage_rows(const Rows<T>& rows, const int32_t* index, int64_t count, int64_t width, float* to) {
  const auto copy = [&](auto fixed) {
    constexpr int64_t W = decltype(fixed)::value;
    for (int64_t e = 0; e < count; ++e) {
      const T* row = rows[index[e]];
      if constexpr (sizeof(T) == 4) {
        std::memcpy(to + e * W, row, W * 4);
      } else {
        for (int64_t c = 0; c < W; ++c) to[e * W + c] = to_float(row[c]);
      }
    }
  };
  switch (width) {
    case 1: return copy(std::integral_constant<int64_t, 1>());
    case 2: return copy(std::integral_constant<int64_t, 2>());
    case 4: return copy(std::integral_constant<int64_t, 4>());
    default: return copy(std::integral_constant<int64_t, 8>());
  }
}

/// Sums neighbouring lanes of two vectors, in 128-bit blocks: [a0+a1, b0+b1, a2+a3, b2+b3].
HWY_INLINE VF add_lanes(VF a, VF b) {
  return hn::Add(hn::OddEven(b, a), hn::Shuffle2301(hn::OddEven(a, b)));
}
/// Half of a sum of four: [a0+a2, b0+b2, a1+a3, b1+b3] of every block; add_pairs brings the other half.
HWY_INLINE VF add_halves(VF a, VF b) {
  return hn::Add(hn::InterleaveLower(DF(), a, b), hn::InterleaveUpper(DF(), a, b));
}
/// [a0+a2, a1+a3, b0+b2, b1+b3] of every block: with the one above, the sums of four vectors' blocks side by side.
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

/// Sums of G neighbouring floats (G a power of two up to N) over the vectors leaf(0) … leaf(G - 1), in the order that
/// costs least (sum_order tells it). L leaves from leaf I on are joined by this call.
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

/// Puts the sums of sum_tree<G> into the order of the floats summed.
template <int G>
struct SumOrder {
  HWY_ALIGN int32_t from[N];

  SumOrder() {
    HWY_ALIGN float id[N];
    // Sum s, of leaf s / (N / G), is given the value s and looked for in the result.
    const VF found = sum_tree<G, G, 0>([](auto i) HWY_ATTR {
      HWY_ALIGN float lane[N] = {};
      for (int64_t g = 0; g < N / G; ++g) lane[g * G] = static_cast<float>(decltype(i)::value * (N / G) + g);
      return hn::Load(DF(), lane);
    });
    hn::Store(found, DF(), id);
    for (int32_t i = 0; i < N; ++i) from[static_cast<int>(id[i])] = i;
  }

  HWY_INLINE auto indices() const { return hn::SetTableIndices(DF(), from); }
};

/// Which row is weighed by which weights. Without types every row takes weight[0 …).
struct Weights {
  const float* weight;  ///< types x stride; for staged rows each type's row is repeated to fill a vector
  int64_t stride;
  const uint8_t* type;  ///< one per edge, or null
};

/// True if `count` types are equal; count is a power of two up to 16.
HWY_INLINE bool all_equal(const uint8_t* type, int64_t count) {
  uint64_t words[2] = {0, 0};
  std::memcpy(words, type, count);
  const uint64_t first = 0x0101010101010101ull * type[0];
  if (count >= 8) return words[0] == first && (count == 8 || words[1] == first);
  return words[0] == (first & ((1ull << (8 * count)) - 1));
}

/// Rows to bring into the cache meanwhile: `bytes` from the begin of each row index[0 … count), one an edge of the call.
template <class T>
struct Fetch {
  Rows<T> rows{nullptr, 0};
  const int32_t* index = nullptr;
  int64_t count = 0, bytes = 0;

  HWY_INLINE void row(int64_t e) const {
    if (e >= count) return;
    const char* p = reinterpret_cast<const char*>(rows[index[e]]);
    for (int64_t b = 0; b < bytes; b += 64) hwy::Prefetch(p + b);
  }
};

template <class T>
struct DotsCall {
  Rows<T> rows;
  HeadLayout layout;
  Weights weights;
  const int32_t* index;          ///< padded to whole chunks by repeating a valid index
  int64_t chunks;
  const float* staged;           ///< staged rows, for layouts that need it
  float* out;                    ///< chunks * N
  Fetch<T> fetch{};
};

template <int L, int PerEdge, bool Typed, bool Long, class T>
HWY_INLINE VF chunk_dots(const DotsCall<T>& c, const int32_t* index, const uint8_t* type, const float* weight) {
  const int64_t leaf_width = Long ? c.layout.width : N;
  const T* row[L / PerEdge];
  for (int e = 0; e < L / PerEdge; ++e) row[e] = c.rows[index[e]];
  return sum_tree<L, L, 0>([&](auto i) HWY_ATTR {
    constexpr int e = decltype(i)::value / PerEdge;
    const int64_t at = (decltype(i)::value % PerEdge) * leaf_width;
    const T* x = row[e] + at;
    const float* w = (Typed ? weight + type[e] * c.weights.stride : weight) + at;
    VF sum = hn::Mul(load(x), load(w));
    if constexpr (Long)
      for (int64_t v = N; v < leaf_width; v += N) sum = hn::MulAdd(load(x + v), load(w + v), sum);
    return sum;
  });
}

/// Rows of a vector or more: L leaves a chunk, PerEdge of them for one row; Long if a head is several vectors.
template <int L, int PerEdge, bool Long, class T>
void dots_wide(const DotsCall<T>& c) {
  constexpr int kEdges = L / PerEdge;
  static const SumOrder<L> sum_order;
  const auto order = sum_order.indices();
  for (int64_t chunk = 0; chunk < c.chunks; ++chunk) {
    const int64_t at = chunk * kEdges;
    for (int64_t e = at; e < at + kEdges; ++e) c.fetch.row(e);
    const uint8_t* type = c.weights.type ? c.weights.type + at : nullptr;
    const bool typed = type && !all_equal(type, kEdges);
    const float* weight = c.weights.weight + (type && !typed ? type[0] * c.weights.stride : 0);
    const VF sums = typed ? chunk_dots<L, PerEdge, true, Long>(c, c.index + at, type, weight)
                          : chunk_dots<L, PerEdge, false, Long>(c, c.index + at, type, weight);
    hn::StoreU(hn::TableLookupLanes(sums, order), DF(), c.out + chunk * N);
  }
}

/// Rows staged side by side, several a vector.
template <int L, class T>
void dots_staged(const DotsCall<T>& c) {
  static const SumOrder<L> sum_order;
  const auto order = sum_order.indices();
  const int64_t edges = N / c.layout.heads, row = c.layout.row();
  HWY_ALIGN float mixed[L * N];
  for (int64_t chunk = 0; chunk < c.chunks; ++chunk) {
    const uint8_t* type = c.weights.type ? c.weights.type + chunk * edges : nullptr;
    const bool typed = type && !all_equal(type, edges);
    if (typed)
      for (int64_t e = 0; e < edges; ++e)
        for (int64_t x = 0; x < row; ++x) mixed[e * row + x] = c.weights.weight[type[e] * c.weights.stride + x];
    const float* x = c.staged + chunk * L * N;
    const float* weight = c.weights.weight + (type ? type[0] * c.weights.stride : 0);
    const VF same = load(weight);
    const VF sums = sum_tree<L, L, 0>([&](auto i) HWY_ATTR {
      constexpr int64_t at = decltype(i)::value * N;
      return hn::Mul(load(x + at), typed ? hn::LoadU(DF(), mixed + at) : same);
    });
    hn::StoreU(hn::TableLookupLanes(sums, order), DF(), c.out + chunk * N);
  }
}

template <int L, int PerEdge, class T>
void dots_by_width(const DotsCall<T>& c) {
  if constexpr (L == N) {
    if (c.layout.width > N) return dots_wide<L, PerEdge, true>(c);
  }
  dots_wide<L, PerEdge, false>(c);
}

template <int L, class T>
void dots_by_leaves(const DotsCall<T>& c) {
  if (c.layout.staged()) return dots_staged<L>(c);
  const int64_t per_edge = c.layout.width >= N ? c.layout.heads : c.layout.row() / N;
  switch (per_edge) {
    case 1: return dots_by_width<L, 1>(c);
    case 2: if constexpr (L >= 2) return dots_by_width<L, 2>(c); break;
    case 4: if constexpr (L >= 4) return dots_by_width<L, 4>(c); break;
    case 8: if constexpr (L >= 8) return dots_by_width<L, 8>(c); break;
    default: if constexpr (L >= 16) return dots_by_width<L, 16>(c); break;
  }
}

/// out[e * heads + h] = sum over c of row_e[h][c] * weight[h][c], whole chunks.
template <class T>
void dots(const DotsCall<T>& c) {
  switch (c.layout.width < N ? c.layout.width : N) {
    case 1: return dots_by_leaves<1>(c);
    case 2: return dots_by_leaves<2>(c);
    case 4: return dots_by_leaves<4>(c);
    case 8: if constexpr (N >= 8) return dots_by_leaves<8>(c); break;
    default: if constexpr (N >= 16) return dots_by_leaves<16>(c); break;
  }
}

/// For weighted sums: which of a vector's coefficients each lane takes.
template <class T>
struct SumCall {
  Rows<T> rows;
  HeadLayout layout;
  const int32_t* index;
  const float* staged;
  const float* coefficient;  ///< [edge * heads + head]; readable N floats past its end
  int64_t begin, end;        ///< edges
  float* to;                 ///< layout.padded_row() floats, added to; staged rows: the first row() of them
  Fetch<T> fetch{};
};

/// The head of each lane, relative to the vector's first, for heads of `width` lanes.
HWY_INLINE auto head_of_lane(int64_t width) {
  const hn::RebindToSigned<DF> di;
  return hn::IndicesFromVec(DF(), hn::ShiftRightSame(hn::Iota(di, 0), std::countr_zero(static_cast<uint64_t>(width))));
}

/// K vectors of the row from vector `first` on; a head spans a vector or more if Spread, else a vector spans heads.
template <int K, bool Spread, class T>
HWY_INLINE void sum_columns(const SumCall<T>& c, int64_t first) {
  const DF d;
  const auto lanes = head_of_lane(Spread ? N : c.layout.width);
  int64_t head[K];
  for (int k = 0; k < K; ++k) head[k] = (first + k) * N / c.layout.width;
  const auto coefficient = [&](int64_t e, int k) HWY_ATTR {
    const float* at = c.coefficient + e * c.layout.heads + head[k];
    if constexpr (Spread) return hn::Set(d, *at);
    else return hn::TableLookupLanes(hn::LoadU(d, at), lanes);
  };
  VF even[K], odd[K];
  for (int k = 0; k < K; ++k) even[k] = load(c.to + (first + k) * N), odd[k] = hn::Zero(d);
  int64_t e = c.begin;
  for (; e + 1 < c.end; e += 2) {
    if (first == 0) c.fetch.row(e), c.fetch.row(e + 1);
    const T* a = c.rows[c.index[e]] + first * N;
    const T* b = c.rows[c.index[e + 1]] + first * N;
    for (int k = 0; k < K; ++k) {
      even[k] = hn::MulAdd(coefficient(e, k), load(a + k * N), even[k]);
      odd[k] = hn::MulAdd(coefficient(e + 1, k), load(b + k * N), odd[k]);
    }
  }
  if (e < c.end) {
    if (first == 0) c.fetch.row(e);
    const T* a = c.rows[c.index[e]] + first * N;
    for (int k = 0; k < K; ++k) even[k] = hn::MulAdd(coefficient(e, k), load(a + k * N), even[k]);
  }
  for (int k = 0; k < K; ++k) hn::StoreU(hn::Add(even[k], odd[k]), d, c.to + (first + k) * N);
}

template <bool Spread, class T>
void sum_wide(const SumCall<T>& c) {
  int64_t first = 0, left = c.layout.row() / N;
  for (; left >= 8; first += 8, left -= 8) sum_columns<8, Spread>(c, first);
  if (left & 4) sum_columns<4, Spread>(c, first), first += 4;
  if (left & 2) sum_columns<2, Spread>(c, first), first += 2;
  if (left & 1) sum_columns<1, Spread>(c, first);
}

template <class T>
void sum_staged(const SumCall<T>& c) {
  const DF d;
  const int64_t row = c.layout.row(), heads = c.layout.heads, step = N / row;
  const auto lanes = head_of_lane(c.layout.width);
  VF sum[4];
  for (auto& s : sum) s = hn::Zero(d);
  int64_t e = c.begin;
  for (; e + 4 * step <= c.end; e += 4 * step)
    for (int64_t u = 0; u < 4; ++u) {
      const int64_t at = e + u * step;
      sum[u] = hn::MulAdd(hn::TableLookupLanes(load(c.coefficient + at * heads), lanes), load(c.staged + at * row), sum[u]);
    }
  for (; e < c.end; e += step) {
    const int64_t left = (c.end - e) * heads;
    const auto some = hn::MaskedLoad(hn::FirstN(d, left < N ? left : N), d, c.coefficient + e * heads);
    sum[0] = hn::MulAdd(hn::TableLookupLanes(some, lanes), load(c.staged + e * row), sum[0]);
  }
  HWY_ALIGN float lane[N];
  hn::Store(hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3])), d, lane);
  for (int64_t i = 0; i < N; ++i) c.to[i % row] += lane[i];
}

/// to[h][c] += sum over edges [begin, end) of coefficient[e][h] * row_e[h][c].
template <class T>
void weighted_sum(const SumCall<T>& c) {
  if (c.layout.staged()) return sum_staged(c);
  if (c.layout.width >= N) return sum_wide<true>(c);
  return sum_wide<false>(c);
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
