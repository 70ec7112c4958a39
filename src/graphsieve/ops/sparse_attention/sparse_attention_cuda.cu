// SPDX-License-Identifier: Apache-2.0
// A group of lanes reads the edges of a row. A slot is kLanes lanes that together hold one row of keys or values, 16
// bytes per lane and kPacks times over. A group has one slot or as many as fit in a warp. Its slots take the edges in
// turn, and their sums are added by shuffles at the end of the row. Rows of more than kPiece edges are cut where the
// number of the edge is a multiple of kPiece. The number of a piece then gives its place, so there is neither a list
// nor an atomic operation, and the host knows how many pieces there can be.
#include <algorithm>
#include <cmath>

#include "graphsieve/ops/sparse_attention/sparse_attention_device.cuh"

namespace graphsieve::kernels {
namespace {

// ------------------------------------------------------------------------------------------------------------------
// forward

/// Computes the output of rows, or with `partial` the parts of pieces. Each slot makes the softmax of its own edges;
/// the slots of a group are then joined.
template <class T, int kLanes, int kPacks, int kGroup>
__global__ void __launch_bounds__(kBlock) forward_rows(Problem<T> p, T* out, float* log_sum, float* partial) {
  using S = Slot<T, kLanes, kPacks>;
  const auto& a = p.a;
  const S slot(static_cast<int>(a.key_width));
  const Group<kLanes, kGroup> group;
  const float clamp = a.clamp * kLog2e;
  for (int64_t i = group.first; i < p.items; i += group.step) {
    Item item;
    if (!find_item(p, i, item)) continue;
    float query[S::kHeld];
    slot.widened(a.query + item.row * a.query_stride, query);
    Softmax<S, kPacks> softmax(a.clamp <= 40 ? clamp : -INFINITY);
    TypeTable<T, S> table;
    for_edges<T, S, kPacks>(
        p, slot, group, item, query, a.key_value, a.key_value_stride, a.key_value + p.width, a.key_value_stride, table,
        [] {},
        [&](int64_t, const Pack<T>(&)[kPacks], const Pack<T>(&value)[kPacks], const float(&raw)[kPacks]) {
#pragma unroll
          for (int u = 0; u < kPacks; ++u) {
            const float logit = clamped(raw[u], clamp);
            if (logit > softmax.top[u]) {
              const float shrink = exp2f(softmax.top[u] - logit);
              softmax.total[u] *= shrink, softmax.top[u] = logit;
#pragma unroll
              for (int c = 0; c < S::kColumns; ++c) softmax.sums[u * S::kColumns + c] *= shrink;
            }
            const float weight = exp2f(logit - softmax.top[u]);
            softmax.total[u] += weight;
#pragma unroll
            for (int c = 0; c < S::kColumns; ++c)
              softmax.sums[u * S::kColumns + c] += weight * widen(value[u].items[c]);
          }
        });
    for (int o = kLanes; o < kGroup; o *= 2)
#pragma unroll
      for (int u = 0; u < kPacks; ++u)
        softmax.join(u, __shfl_xor_sync(group.mask, softmax.top[u], o),
                     __shfl_xor_sync(group.mask, softmax.total[u], o),
                     [&](int c) { return __shfl_xor_sync(group.mask, softmax.sums[c], o); });
    if (group.slot > 0) continue;
    if (!partial) {
      softmax.write(p, slot, item.row, out, log_sum);
      continue;
    }
    float* to = partial + i * (S::kWidth + 2 * kLanes * kPacks);  // sums, then each pack's top and total
    slot.store_floats(to, softmax.sums);
#pragma unroll
    for (int u = 0; u < kPacks; ++u) {
      to[S::kWidth + 2 * (u * kLanes + slot.lane)] = softmax.top[u];
      to[S::kWidth + 2 * (u * kLanes + slot.lane) + 1] = softmax.total[u];
    }
  }
}

/// Joins the pieces of long rows, in order.
template <class T, int kLanes, int kPacks>
__global__ void __launch_bounds__(kBlock) forward_pieces(Problem<T> p, T* out, float* log_sum, const float* partial) {
  using S = Slot<T, kLanes, kPacks>;
  const S slot(static_cast<int>(p.a.key_width));
  const Turns turns(kLanes);
  for (int64_t i = turns.first; i < p.items; i += turns.step) {
    Item item;
    if (!find_item(p, i, item) || !is_first_piece(p, item)) continue;
    Softmax<S, kPacks> softmax(-INFINITY);
    for (int64_t piece = i; piece >= 0; piece = next_piece(p, piece, item.row)) {
      const float* from = partial + piece * (S::kWidth + 2 * kLanes * kPacks);
#pragma unroll
      for (int u = 0; u < kPacks; ++u) {
        const float* of_pack = from + S::kWidth + 2 * (u * kLanes + slot.lane);
        softmax.join(u, of_pack[0], of_pack[1], [&](int c) { return from[slot.held_column(c)]; });
      }
    }
    softmax.write(p, slot, item.row, out, log_sum);
  }
}

// -------------------------------------------------------------------------------------------------------------------
// scores

/// Computes the softmax's value of every edge. A long row needs no pieces, since nothing is summed.
template <class T, int kLanes, int kPacks>
__global__ void __launch_bounds__(kBlock) score_rows(Problem<T> p, const float* log_sum, float* scores) {
  using S = Slot<T, kLanes, kPacks>;
  const auto& a = p.a;
  const S slot(static_cast<int>(a.key_width));
  const float clamp = a.clamp * kLog2e;
  const Group<kLanes, kWarp> group;
  for (int64_t i = group.first; i < p.items; i += group.step) {
    Item item;
    if (!find_item(p, i, item)) continue;
    float query[S::kHeld], log_total[kPacks];
    slot.widened(a.query + item.row * a.query_stride, query);
#pragma unroll
    for (int u = 0; u < kPacks; ++u) log_total[u] = log_sum[item.row * a.heads + slot.head(u)] * kLog2e;
    TypeTable<T, S> table;
    for (int64_t e = item.begin + group.slot; e < item.end; e += group.kSlots) {
      const int64_t other = p.edges.index[e];
      if (other < 0) continue;
      const int type = p.edges.type[e];
      if (type != table.type) table.turn_to(a, slot, type, p.width, query, kLog2e);
      Pack<T> key[kPacks];
      slot.load(a.key_value + other * a.key_value_stride, key);
      float logit[kPacks];
      slot.dot(table.rows, key, logit);
#pragma unroll
      for (int u = 0; u < kPacks; ++u)
        if (slot.leads(u))
          scores[e * a.heads + slot.head(u)] = exp2f(clamped(logit[u] + table.bias[u], clamp) - log_total[u]);
    }
  }
}

// -----------------------------------------------------------------------------------------------------------------
// backward

/// Computes, for each destination and head, the log-sum in base 2 and delta = Σ grad · out: all that the backward pass
/// reads of an edge's destination besides query and gradient. statistics is [destinations, heads, 2].
template <class T, int kLanes, int kPacks>
__global__ void __launch_bounds__(kBlock)
    destination_statistics(Problem<T> p, const T* out, const float* log_sum, const T* grad, float* statistics) {
  using S = Slot<T, kLanes, kPacks>;
  const S slot(static_cast<int>(p.a.key_width));
  const Turns turns(kLanes);
  for (int64_t r = turns.first; r < p.a.destinations; r += turns.step) {
    float gradient[S::kHeld], delta[kPacks];
    slot.widened(grad + r * p.width, gradient);
    Pack<T> packs[kPacks];
    slot.load(out + r * p.width, packs);
    slot.dot(gradient, packs, delta);
#pragma unroll
    for (int u = 0; u < kPacks; ++u)
      if (slot.leads(u)) {
        const int64_t at = r * p.a.heads + slot.head(u);
        statistics[2 * at] = log_sum[at] * kLog2e, statistics[2 * at + 1] = delta[u];
      }
  }
}

/// The gradient at one edge and head: p is the value of the softmax, ds the gradient of the logit.
struct EdgeGradient {
  float p, ds;
  __device__ EdgeGradient(float raw, float clamp, float log_total, float dp, float delta) {
    p = exp2f(clamped(raw, clamp) - log_total);
    ds = raw > clamp || raw < -clamp ? 0 : p * (dp - delta);
  }
};

/// Computes the gradients of the queries and, by type, of the tables. type_sums has a row of types * (width + heads)
/// sums for each slot of the block, which are added to one row per block at the end.
template <class T, int kLanes, int kPacks, int kGroup>
__global__ void __launch_bounds__(kBlock)
    backward_destinations(Problem<T> p, const T* grad, const float* statistics, T* to, float* partial, float* type_sums,
                          float* block_sums, bool shared) {
  using S = Slot<T, kLanes, kPacks>;
  const auto& a = p.a;
  const S slot(static_cast<int>(a.key_width));
  const Group<kLanes, kGroup> group;
  const float clamp = a.clamp * kLog2e;
  const int type_row = p.width + a.heads, sums_size = a.types * type_row, block_slots = kBlock / kLanes;
  float* sums = nullptr;
  if (block_sums) {
    float* all =
        shared ? dynamic_shared<float>() : type_sums + static_cast<int64_t>(blockIdx.x) * block_slots * sums_size;
    for (int x = static_cast<int>(threadIdx.x); x < block_slots * sums_size; x += kBlock) all[x] = 0;
    __syncthreads();
    sums = all + static_cast<int>(threadIdx.x) / kLanes * sums_size;
  }
  for (int64_t i = group.first; i < p.items; i += group.step) {
    Item item;
    if (!find_item(p, i, item)) continue;
    float query[S::kHeld], gradient[S::kHeld], dq[S::kHeld] = {}, weighted[S::kHeld] = {}, biased[kPacks] = {};
    float log_total[kPacks], delta[kPacks];
    slot.widened(a.query + item.row * a.query_stride, query);
    slot.widened(grad + item.row * p.width, gradient);
#pragma unroll
    for (int u = 0; u < kPacks; ++u) {
      const int64_t at = 2 * (item.row * a.heads + slot.head(u));
      log_total[u] = statistics[at], delta[u] = statistics[at + 1];
    }
    TypeTable<T, S> table;
    const auto leave_type = [&] {  // weighted = Σ ds k and biased = Σ ds over the edges of table.type
      if (table.type < 0) return;
      float scale[S::kHeld];
      slot.floats(a.type_scale + static_cast<int64_t>(table.type) * p.width, scale, 1);
      float* of_type = sums ? sums + table.type * type_row : nullptr;
#pragma unroll
      for (int c = 0; c < S::kHeld; ++c) {
        dq[c] += scale[c] * weighted[c];
        if (sums) of_type[slot.held_column(c)] += query[c] * weighted[c];
        weighted[c] = 0;
      }
#pragma unroll
      for (int u = 0; u < kPacks; ++u) {
        if (sums && slot.leads(u)) of_type[p.width + slot.head(u)] += biased[u];
        biased[u] = 0;
      }
    };
    for_edges<T, S, kPacks>(
        p, slot, group, item, query, a.key_value, a.key_value_stride, a.key_value + p.width, a.key_value_stride, table,
        leave_type,
        [&](int64_t, const Pack<T>(&key)[kPacks], const Pack<T>(&value)[kPacks], const float(&raw)[kPacks]) {
          float dp[kPacks];
          slot.dot(gradient, value, dp);
#pragma unroll
          for (int u = 0; u < kPacks; ++u) {
            const EdgeGradient g(raw[u], clamp, log_total[u], dp[u], delta[u]);
            biased[u] += g.ds;
#pragma unroll
            for (int c = 0; c < S::kColumns; ++c) weighted[u * S::kColumns + c] += g.ds * widen(key[u].items[c]);
          }
        });
    leave_type();
    group.add_slots(dq);
    if (group.slot > 0) continue;
    if (partial)
      slot.store_floats(partial + i * S::kWidth, dq);
    else
      slot.store(to + item.row * p.width, dq);
  }
  if (!block_sums) return;
  __syncthreads();
  const float* all =
      shared ? dynamic_shared<float>() : type_sums + static_cast<int64_t>(blockIdx.x) * block_slots * sums_size;
  for (int x = static_cast<int>(threadIdx.x); x < sums_size; x += kBlock) {
    float sum = 0;
    for (int s = 0; s < block_slots; ++s) sum += all[s * sums_size + x];
    block_sums[static_cast<int64_t>(blockIdx.x) * sums_size + x] = sum;
  }
}

/// Computes the gradients of keys and values. p.edges are the out-edges of the sources, and their index is the
/// destination.
template <class T, int kLanes, int kPacks, int kGroup>
__global__ void __launch_bounds__(kBlock)
    backward_sources(Problem<T> p, const T* grad, const float* statistics, T* to, float* partial) {
  using S = Slot<T, kLanes, kPacks>;
  const auto& a = p.a;
  const S slot(static_cast<int>(a.key_width));
  const Group<kLanes, kGroup> group;
  const float clamp = a.clamp * kLog2e;
  for (int64_t i = group.first; i < p.items; i += group.step) {
    Item item;
    if (!find_item(p, i, item)) continue;
    float key[S::kHeld], value[S::kHeld], dk[S::kHeld] = {}, dv[S::kHeld] = {}, weighted[S::kHeld] = {};
    slot.widened(a.key_value + item.row * a.key_value_stride, key);
    slot.widened(a.key_value + item.row * a.key_value_stride + p.width, value);
    TypeTable<T, S> table;
    const auto leave_type = [&] {  // weighted = Σ ds q over the edges of table.type
      if (table.type < 0) return;
      float scale[S::kHeld];
      slot.floats(a.type_scale + static_cast<int64_t>(table.type) * p.width, scale, 1);
#pragma unroll
      for (int c = 0; c < S::kHeld; ++c) dk[c] += scale[c] * weighted[c], weighted[c] = 0;
    };
    for_edges<T, S, kPacks>(p, slot, group, item, key, a.query, a.query_stride, grad, p.width, table, leave_type,
                            [&](int64_t destination, const Pack<T>(&query)[kPacks], const Pack<T>(&gradient)[kPacks],
                                const float(&raw)[kPacks]) {
                              float dp[kPacks];
                              slot.dot(value, gradient, dp);
#pragma unroll
                              for (int u = 0; u < kPacks; ++u) {
                                const float* of = statistics + 2 * (destination * a.heads + slot.head(u));
                                const EdgeGradient g(raw[u], clamp, of[0], dp[u], of[1]);
#pragma unroll
                                for (int c = 0; c < S::kColumns; ++c) {
                                  weighted[u * S::kColumns + c] += g.ds * widen(query[u].items[c]);
                                  dv[u * S::kColumns + c] += g.p * widen(gradient[u].items[c]);
                                }
                              }
                            });
    leave_type();
    group.add_slots(dk);
    group.add_slots(dv);
    if (group.slot > 0) continue;
    if (partial) {
      slot.store_floats(partial + i * 2 * S::kWidth, dk);
      slot.store_floats(partial + i * 2 * S::kWidth + S::kWidth, dv);
    } else {
      slot.store(to + item.row * 2 * p.width, dk);
      slot.store(to + item.row * 2 * p.width + p.width, dv);
    }
  }
}

/// Adds up the pieces of long rows, in order; `width` is the number of columns.
template <class T>
__global__ void __launch_bounds__(kBlock) add_pieces(Problem<T> p, const float* partial, int width, T* to) {
  const Turns turns(1);
  for (int64_t x = turns.first; x < p.items * width; x += turns.step) {
    const int64_t i = x / width, c = x % width;
    Item item;
    if (!find_item(p, i, item) || !is_first_piece(p, item)) continue;
    float sum = 0;
    for (int64_t piece = i; piece >= 0; piece = next_piece(p, piece, item.row)) sum += partial[piece * width + c];
    to[item.row * width + c] = narrow<T>(sum);
  }
}

/// Adds up the sums of the blocks by type, in order, with one thread per column.
__global__ void __launch_bounds__(kBlock)
    add_blocks(const float* block_sums, int64_t blocks, int types, int width, int heads, float* scale, float* bias) {
  const int row = width + heads;
  for (int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); x < types * row;
       x += static_cast<int>(gridDim.x * blockDim.x)) {
    float sum = 0;
    for (int64_t b = 0; b < blocks; ++b) sum += block_sums[b * types * row + x];
    const int type = x / row, c = x % row;
    if (c < width && scale) scale[type * width + c] = sum;
    if (c >= width && bias) bias[type * heads + c - width] = sum;
  }
}

// ------------------------------------------------------------------------------------------------------------------
// launches

/// Calls f.run<kLanes, kPacks>() for the size of the rows. Throws Error if the kernels do not accept it.
template <class T, class F>
void for_row(const SparseAttentionArgs<T>& a, const F& f) {
  if (a.key_width != a.value_width || !sparse_attention_cuda_takes(a.heads, a.key_width, sizeof(T)))
    throw Error("sparse_attention: ", a.heads, " heads of ", a.key_width, " and ", a.value_width,
                " columns, expected what sparse_attention_cuda_takes");
  switch (a.heads * a.key_width * static_cast<int64_t>(sizeof(T)) / 16) {
    case 1:
      return f.template run<1, 1>();
    case 2:
      return f.template run<2, 1>();
    case 4:
      return f.template run<4, 1>();
    case 8:
      return f.template run<8, 1>();
    case 16:
      return f.template run<16, 1>();
    case 32:
      return f.template run<32, 1>();
    default:
      return f.template run<32, 2>();
  }
}

/// Returns the call with one item per row.
template <class T>
Problem<T> problem_of(const SparseAttentionArgs<T>& a, const DeviceEdges& edges) {
  return {a, edges, nullptr, edges.rows, static_cast<int>(a.heads * a.key_width)};
}

/// Returns the call with one item per piece of the long rows; no items if no row can be long.
template <class T>
Problem<T> pieces_of(Problem<T> p, const Scratch& scratch, CudaStream stream) {
  p.items = 0;
  if (!p.edges.row_start || p.edges.count <= kPiece) return p;
  p.items = 2 * ((p.edges.count + kPiece - 1) / kPiece);
  auto* rows = static_cast<int32_t*>(scratch(p.items * sizeof(int32_t)));
  fill_bytes(rows, 0xFF, p.items * sizeof(int32_t), stream);
  launch("find_pieces", find_pieces, blocks_for(p.edges.rows, kMostBlocks), 0, stream, p.edges.row_start, p.edges.rows,
         rows);
  p.piece_rows = rows;
  return p;
}

float* floats(const Scratch& scratch, int64_t count) {
  return count > 0 ? static_cast<float*>(scratch(count * sizeof(float))) : nullptr;
}

/// True if the rows are so short that each is given to one slot, and several rows share a warp.
bool rows_are_short(const DeviceEdges& edges, int lanes) { return edges.count < edges.rows * 2 * (kWarp / lanes); }

template <class T>
struct Forward {
  const SparseAttentionArgs<T>& a;
  const DeviceEdges& edges;
  T* out;
  float* log_sum;
  const Scratch& scratch;
  CudaStream stream;

  template <int kLanes, int kPacks>
  void run() const {
    const Problem<T> rows = problem_of(a, edges), pieces = pieces_of(rows, scratch, stream);
    if (rows_are_short(edges, kLanes))
      launch("sparse_attention", forward_rows<T, kLanes, kPacks, kLanes>, blocks_for(rows.items * kLanes, kMostBlocks),
             0, stream, rows, out, log_sum, nullptr);
    else
      launch("sparse_attention", forward_rows<T, kLanes, kPacks, kWarp>, blocks_for(rows.items * kWarp, kMostBlocks), 0,
             stream, rows, out, log_sum, nullptr);
    if (pieces.items == 0) return;
    float* partial = floats(scratch, pieces.items * (Slot<T, kLanes, kPacks>::kWidth + 2 * kLanes * kPacks));
    launch("sparse_attention", forward_rows<T, kLanes, kPacks, kWarp>, blocks_for(pieces.items * kWarp, kMostBlocks), 0,
           stream, pieces, out, log_sum, partial);
    launch("sparse_attention", forward_pieces<T, kLanes, kPacks>, blocks_for(pieces.items * kLanes, kMostBlocks), 0,
           stream, pieces, out, log_sum, partial);
  }
};

template <class T>
struct Scores {
  const SparseAttentionArgs<T>& a;
  const DeviceEdges& edges;
  const float* log_sum;
  float* scores;
  CudaStream stream;

  template <int kLanes, int kPacks>
  void run() const {
    Problem<T> rows = problem_of(a, edges);
    rows.whole_rows = true;
    launch("sparse_attention_scores", score_rows<T, kLanes, kPacks>, blocks_for(rows.items * kWarp, kMostBlocks), 0,
           stream, rows, log_sum, scores);
  }
};

template <class T>
struct Backward {
  const SparseAttentionArgs<T>& a;
  const DeviceEdges &edges, &by_source;
  const T *out, *grad;
  const float* log_sum;
  const SparseAttentionGradients<T>& to;
  const Scratch& scratch;
  CudaStream stream;

  template <int kLanes, int kPacks>
  void run() const {
    const Problem<T> rows = problem_of(a, edges), pieces = pieces_of(rows, scratch, stream);
    float* statistics = floats(scratch, std::max<int64_t>(1, 2 * a.destinations * a.heads));
    launch("sparse_attention_backward", destination_statistics<T, kLanes, kPacks>,
           blocks_for(a.destinations * kLanes, kMostBlocks), 0, stream, rows, out, log_sum, grad, statistics);
    by_destination<kLanes, kPacks>(rows, pieces, statistics);

    const Problem<T> sources = problem_of(a, by_source), source_pieces = pieces_of(sources, scratch, stream);
    if (rows_are_short(by_source, kLanes))
      launch("sparse_attention_backward", backward_sources<T, kLanes, kPacks, kLanes>,
             blocks_for(sources.items * kLanes, kMostBlocks), 0, stream, sources, grad, statistics, to.key_value,
             nullptr);
    else
      launch("sparse_attention_backward", backward_sources<T, kLanes, kPacks, kWarp>,
             blocks_for(sources.items * kWarp, kMostBlocks), 0, stream, sources, grad, statistics, to.key_value,
             nullptr);
    if (source_pieces.items == 0) return;
    float* partial = floats(scratch, source_pieces.items * 2 * rows.width);
    launch("sparse_attention_backward", backward_sources<T, kLanes, kPacks, kWarp>,
           blocks_for(source_pieces.items * kWarp, kMostBlocks), 0, stream, source_pieces, grad, statistics,
           to.key_value, partial);
    launch("sparse_attention_backward", add_pieces<T>, blocks_for(source_pieces.items * 2 * rows.width, kMostBlocks), 0,
           stream, source_pieces, partial, 2 * rows.width, to.key_value);
  }

  /// Every slot of a block has its own sums by type, in shared memory if they fit, otherwise in scratch memory. In the
  /// latter case there are fewer blocks, so that the scratch memory stays below kMostTypeSums.
  template <int kLanes, int kPacks>
  void by_destination(const Problem<T>& rows, const Problem<T>& pieces, const float* statistics) const {
    const bool short_rows = rows_are_short(edges, kLanes), tables = to.type_scale || to.type_bias;
    const int64_t sums = a.types * (rows.width + a.heads);
    const size_t block_bytes = sums * (kBlock / kLanes) * sizeof(float);
    const bool shared = block_bytes <= kMostShared;
    const int64_t most = tables && !shared ? std::max<int64_t>(1, kMostTypeSums / block_bytes) : kMostBlocks;
    const int64_t row_blocks = blocks_for(rows.items * (short_rows ? kLanes : kWarp), most),
                  piece_blocks = blocks_for(pieces.items * kWarp, most);
    float* block_sums = tables ? floats(scratch, (row_blocks + piece_blocks) * sums) : nullptr;
    float* type_sums =
        tables && !shared ? floats(scratch, std::max(row_blocks, piece_blocks) * sums * (kBlock / kLanes)) : nullptr;
    const size_t bytes = tables && shared ? block_bytes : 0;
    if (short_rows)
      launch("sparse_attention_backward", backward_destinations<T, kLanes, kPacks, kLanes>, row_blocks, bytes, stream,
             rows, grad, statistics, to.query, nullptr, type_sums, block_sums, shared);
    else
      launch("sparse_attention_backward", backward_destinations<T, kLanes, kPacks, kWarp>, row_blocks, bytes, stream,
             rows, grad, statistics, to.query, nullptr, type_sums, block_sums, shared);
    if (pieces.items > 0) {
      float* partial = floats(scratch, pieces.items * rows.width);
      launch("sparse_attention_backward", backward_destinations<T, kLanes, kPacks, kWarp>, piece_blocks, bytes, stream,
             pieces, grad, statistics, to.query, partial, type_sums,
             block_sums ? block_sums + row_blocks * sums : nullptr, shared);
      launch("sparse_attention_backward", add_pieces<T>, blocks_for(pieces.items * rows.width, kMostBlocks), 0, stream,
             pieces, partial, rows.width, to.query);
    }
    if (tables)
      launch("sparse_attention_backward", add_blocks, blocks_for(sums, kMostBlocks), 0, stream, block_sums,
             row_blocks + piece_blocks, a.types, rows.width, a.heads, to.type_scale, to.type_bias);
  }
};

bool power_of_two(int64_t x) { return x > 0 && (x & (x - 1)) == 0; }

}  // namespace

bool sparse_attention_cuda_takes(int64_t heads, int64_t head_width, int64_t bytes) {
  return power_of_two(heads) && power_of_two(head_width) && head_width * bytes >= 16 &&
         heads * head_width * bytes <= 1024;
}

template <class T>
void sparse_attention_forward_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges, T* out, float* log_sum,
                                   const Scratch& scratch, CudaStream stream) {
  for_row(a, Forward<T>{a, edges, out, log_sum, scratch, stream});
}

template <class T>
void sparse_attention_backward_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges,
                                    const DeviceEdges& by_source, const T* out, const float* log_sum, const T* grad,
                                    const SparseAttentionGradients<T>& to, const Scratch& scratch, CudaStream stream) {
  for_row(a, Backward<T>{a, edges, by_source, out, grad, log_sum, to, scratch, stream});
}

template <class T>
void sparse_attention_scores_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges, const float* log_sum,
                                  float* scores, CudaStream stream) {
  for_row(a, Scores<T>{a, edges, log_sum, scores, stream});
}

#define GRAPHSIEVE_INSTANTIATE(T)                                                                                     \
  template void sparse_attention_forward_cuda(const SparseAttentionArgs<T>&, const DeviceEdges&, T*, float*,          \
                                              const Scratch&, CudaStream);                                            \
  template void sparse_attention_backward_cuda(const SparseAttentionArgs<T>&, const DeviceEdges&, const DeviceEdges&, \
                                               const T*, const float*, const T*, const SparseAttentionGradients<T>&,  \
                                               const Scratch&, CudaStream);                                           \
  template void sparse_attention_scores_cuda(const SparseAttentionArgs<T>&, const DeviceEdges&, const float*, float*, \
                                             CudaStream);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(BFloat16)
GRAPHSIEVE_INSTANTIATE(Float16)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
