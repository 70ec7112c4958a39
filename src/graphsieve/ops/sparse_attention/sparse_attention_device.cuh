// SPDX-License-Identifier: Apache-2.0
// The parts of the kernels in sparse_attention_cuda.cu: items of work, lanes and slots, and the walk over the edges of
// a row.
#pragma once

#include <cmath>

#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/sparse_attention/sparse_attention_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

constexpr int64_t kPiece = 256;                                     // edges of a piece of a long row
constexpr size_t kMostShared = 96 << 10, kMostTypeSums = 64 << 20;  // bytes of sums by type, in each memory
constexpr int kUnroll = 2;                                          // edges of a slot that are loaded at the same time

/// A call in the form in which every kernel gets it.
template <class T>
struct Problem {
  SparseAttentionArgs<T> a;
  DeviceEdges edges;
  const int32_t* piece_rows;  ///< row of each piece (−1: no piece); null if the items are rows, short ones only
  int64_t items;              ///< number of rows or pieces
  int width;                  ///< heads * head width
  bool whole_rows = false;    ///< the items include long rows

  __device__ int64_t begin(int64_t row) const { return edges.row_start ? edges.row_start[row] : row * edges.degree; }
};

/// The work of a group: a row, or a piece of a long one.
struct Item {
  int64_t row, begin, end;
};

/// Finds item i. A row is an item of its own if it is short. A piece of a long row is the part of the row within chunk
/// i / 2 of kPiece edges. Returns false if there is no such item.
template <class T>
__device__ bool find_item(const Problem<T>& p, int64_t i, Item& to) {
  if (!p.piece_rows) {
    to = {i, p.begin(i), p.begin(i + 1)};
    return p.whole_rows || !p.edges.row_start || to.end - to.begin <= kPiece;
  }
  to.row = p.piece_rows[i];
  if (to.row < 0) return false;
  const int64_t chunk = i / 2 * kPiece, begin = p.begin(to.row), end = p.begin(to.row + 1);
  to.begin = begin > chunk ? begin : chunk;
  to.end = end < chunk + kPiece ? end : chunk + kPiece;
  return true;
}

/// True if the item is the first piece of a long row. The first piece adds up the others, whose numbers follow from the
/// rule of find_item().
template <class T>
__device__ bool is_first_piece(const Problem<T>& p, const Item& item) {
  return item.begin == p.begin(item.row);
}

/// Returns the piece after i of the same row, −1 after the last. The chunks in the middle and at the end of a row
/// belong to it by their first piece.
template <class T>
__device__ int64_t next_piece(const Problem<T>& p, int64_t i, int64_t row) {
  const int64_t next = i / 2 * 2 + 2;
  return (i / 2 + 1) * kPiece < p.begin(row + 1) ? next : -1;
}

/// Finds the rows of the pieces. Piece 2c belongs to the long row that has the edge c * kPiece, and piece 2c + 1 to the
/// long row that begins after that edge, within the chunk.
__global__ void find_pieces(const int64_t* row_start, int64_t rows, int32_t* piece_rows) {
  for (int64_t r = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; r < rows;
       r += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    const int64_t begin = row_start[r], end = row_start[r + 1];
    if (end - begin <= kPiece) continue;
    const int64_t first = begin / kPiece;
    piece_rows[2 * first + (begin % kPiece != 0)] = static_cast<int32_t>(r);
    for (int64_t c = first + 1; c * kPiece < end; ++c) piece_rows[2 * c] = static_cast<int32_t>(r);
  }
}

/// Distributes items over the grid: every `lanes` threads take the item `first`, then each item `step` further on.
struct Turns {
  int64_t first, step;
  __device__ explicit Turns(int lanes)
      : first((static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / lanes),
        step(static_cast<int64_t>(gridDim.x) * blockDim.x / lanes) {}
};

/// The lanes that work on one item together. kLanes of them are a slot.
template <int kLanes, int kGroup>
struct Group : Turns {
  static constexpr int kSlots = kGroup / kLanes;
  int slot;  ///< slot of this lane
  uint32_t mask;
  __device__ Group() : Turns(kGroup), slot(static_cast<int>(threadIdx.x) % kGroup / kLanes), mask(group_mask(kGroup)) {}

  /// Adds up the slots' sums, in every lane.
  template <int kHeld>
  __device__ void add_slots(float (&x)[kHeld]) const {
    for (int o = kLanes; o < kGroup; o *= 2)
#pragma unroll
      for (int c = 0; c < kHeld; ++c) x[c] += __shfl_xor_sync(mask, x[c], o);
  }
};

/// The distribution of a row over the lanes of a slot: kPacks packs of 16 bytes per lane.
template <class T, int kLanes, int kPacks>
struct Slot {
  static constexpr int kColumns = Pack<T>::kColumns, kHeld = kPacks * kColumns, kWidth = kLanes * kHeld;

  int lane;        ///< number of this lane in the slot
  uint32_t mask;   ///< mask of the slot's lanes
  int head_lanes;  ///< lanes that share a head
  int head_width;
  bool joined;  ///< one head extends over both packs

  __device__ Slot(int head_width)
      : lane(static_cast<int>(threadIdx.x) % kLanes),
        mask(group_mask(kLanes)),
        head_lanes(head_width / kColumns < kLanes ? head_width / kColumns : kLanes),
        head_width(head_width),
        joined(head_width > kLanes * kColumns) {}

  __device__ int column(int pack) const { return (pack * kLanes + lane) * kColumns; }
  __device__ int head(int pack) const { return column(pack) / head_width; }
  __device__ bool leads(int pack) const { return lane % head_lanes == 0 && !(joined && pack > 0); }

  __device__ void load(const T* row, Pack<T> (&to)[kPacks]) const {
#pragma unroll
    for (int u = 0; u < kPacks; ++u) to[u] = load_pack(row + column(u));
  }
  __device__ void widened(const T* row, float (&to)[kHeld]) const {
    Pack<T> packs[kPacks];
    load(row, packs);
#pragma unroll
    for (int c = 0; c < kHeld; ++c) to[c] = widen(packs[c / kColumns].items[c % kColumns]);
  }
  __device__ void store(T* row, const float (&from)[kHeld]) const {
#pragma unroll
    for (int u = 0; u < kPacks; ++u) store_pack(row + column(u), from + u * kColumns);
  }
  __device__ int held_column(int c) const { return column(c / kColumns) + c % kColumns; }
  __device__ void floats(const float* row, float (&to)[kHeld], float factor) const {
#pragma unroll
    for (int c = 0; c < kHeld; ++c) to[c] = row[held_column(c)] * factor;
  }
  __device__ void store_floats(float* row, const float (&from)[kHeld]) const {
#pragma unroll
    for (int c = 0; c < kHeld; ++c) row[held_column(c)] = from[c];
  }

  /// Computes x · y for the head of each pack, in all lanes of the head.
  __device__ void dot(const float (&x)[kHeld], const Pack<T> (&y)[kPacks], float (&to)[kPacks]) const {
#pragma unroll
    for (int u = 0; u < kPacks; ++u) {
      to[u] = 0;
#pragma unroll
      for (int c = 0; c < kColumns; ++c) to[u] += x[u * kColumns + c] * widen(y[u].items[c]);
    }
    head_sum(to);
  }
  __device__ void head_sum(float (&to)[kPacks]) const {
    if (joined) {
      float all = 0;
#pragma unroll
      for (int u = 0; u < kPacks; ++u) all += to[u];
#pragma unroll
      for (int u = 0; u < kPacks; ++u) to[u] = all;
    }
    for (int o = 1; o < head_lanes; o *= 2)
#pragma unroll
      for (int u = 0; u < kPacks; ++u) to[u] += __shfl_xor_sync(mask, to[u], o);
  }
};

/// The row x multiplied by the table of an edge type. It is computed again when the type changes; `factor` is
/// multiplied in.
template <class T, class S>
struct TypeTable {
  float rows[S::kHeld], bias[S::kHeld / S::kColumns];
  int type = -1;

  /// Sets rows = x * type_scale * factor for the type `next`.
  __device__ void turn_to(const SparseAttentionArgs<T>& a, const S& slot, int next, int width,
                          const float (&x)[S::kHeld], float factor) {
    type = next;
    float scale[S::kHeld];
    slot.floats(a.type_scale + static_cast<int64_t>(next) * width, scale, factor);
#pragma unroll
    for (int c = 0; c < S::kHeld; ++c) rows[c] = x[c] * scale[c];
#pragma unroll
    for (int u = 0; u < S::kHeld / S::kColumns; ++u) bias[u] = a.type_bias[next * a.heads + slot.head(u)] * factor;
  }
};

/// Clamps a number to ±clamp; NaN stays NaN.
__device__ inline float clamped(float x, float clamp) { return x > clamp ? clamp : x < -clamp ? -clamp : x; }

/// The edges that a slot works on at the same time, with the rows that they name.
template <class T, class S, int kPacks>
struct EdgeBatch {
  int type[kUnroll];  ///< edge type; −1: no edge
  int64_t other[kUnroll];
  Pack<T> first[kUnroll][kPacks], second[kUnroll][kPacks];

  /// Loads the rows of both matrices that the edges e, e + step, … before `end` name.
  __device__ EdgeBatch(const DeviceEdges& edges, const S& slot, int64_t e, int64_t step, int64_t end, const T* a,
                       int64_t a_stride, const T* b, int64_t b_stride) {
#pragma unroll
    for (int x = 0; x < kUnroll; ++x) {
      const int64_t at = e + x * step;
      other[x] = at < end ? edges.index[at] : -1;
      type[x] = other[x] >= 0 ? edges.type[at] : -1;
      if (type[x] < 0) continue;
      slot.load(a + other[x] * a_stride, first[x]);
      slot.load(b + other[x] * b_stride, second[x]);
    }
  }
};

/// Calls visit(other end of the edge, its row of `first`, its row of `second`, its logit before the clamp) for the
/// edges of `item` that belong to this slot. x is the item's own row. leave() is called before the table of another
/// type is used.
template <class T, class S, int kPacks, class G, class Leave, class Visit>
__device__ void for_edges(const Problem<T>& p, const S& slot, const G& group, const Item& item,
                          const float (&x)[S::kHeld], const T* first, int64_t first_stride, const T* second,
                          int64_t second_stride, TypeTable<T, S>& table, const Leave& leave, const Visit& visit) {
  for (int64_t e = item.begin; e < item.end; e += G::kSlots * kUnroll) {
    const EdgeBatch<T, S, kPacks> batch(p.edges, slot, e + group.slot, G::kSlots, item.end, first, first_stride, second,
                                        second_stride);
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (batch.type[u] < 0) continue;
      if (batch.type[u] != table.type) {
        leave();
        table.turn_to(p.a, slot, batch.type[u], p.width, x, kLog2e);
      }
      float logit[kPacks];
      slot.dot(table.rows, batch.first[u], logit);
#pragma unroll
      for (int k = 0; k < kPacks; ++k) logit[k] += table.bias[k];
      visit(batch.other[u], batch.first[u], batch.second[u], logit);
    }
  }
}

/// The weighted sum of a softmax so far, relative to the largest logit so far.
template <class S, int kPacks>
struct Softmax {
  float sums[S::kHeld] = {}, top[kPacks], total[kPacks] = {};

  __device__ explicit Softmax(float least) {
#pragma unroll
    for (int u = 0; u < kPacks; ++u) top[u] = least;
  }

  /// Adds another part of the softmax for pack u; sum_of(c) is the part's sum c.
  template <class SumOf>
  __device__ void join(int u, float other_top, float other_total, const SumOf& sum_of) {
    const float both = other_top > top[u] ? other_top : top[u];
    const float mine = top[u] == both ? 1 : exp2f(top[u] - both),
                theirs = other_top == both ? 1 : exp2f(other_top - both);
    top[u] = both;
    total[u] = total[u] * mine + other_total * theirs;
#pragma unroll
    for (int c = u * S::kColumns; c < (u + 1) * S::kColumns; ++c) sums[c] = sums[c] * mine + sum_of(c) * theirs;
  }

  /// Writes the output and the log-sums of a row; 0 and minus infinity for a row without edges.
  template <class T>
  __device__ void write(const Problem<T>& p, const S& slot, int64_t row, T* out, float* log_sum) {
#pragma unroll
    for (int c = 0; c < S::kHeld; ++c) sums[c] = total[c / S::kColumns] != 0 ? sums[c] / total[c / S::kColumns] : 0;
    slot.store(out + row * p.width, sums);
#pragma unroll
    for (int u = 0; u < kPacks; ++u)
      if (slot.leads(u))
        log_sum[row * p.a.heads + slot.head(u)] = total[u] != 0 ? (top[u] + log2f(total[u])) * kLn2 : -INFINITY;
  }
};

}  // namespace
}  // namespace graphsieve::kernels
