// Vector code for every target from SSE4 to AVX-512, chosen at run time.
//
// Forward: a row's edges are taken in segments that fit the first-level cache: logits of all its edges (keys gathered,
// values fetched ahead), softmax, weighted sum of values. Backward: one pass by destination for the queries' gradient and
// the per-type sums, one pass by source for keys and values; both recompute the probabilities from the saved log-sum.
//
// Work is cut by edges: neighbouring rows share an item until it holds kItemEdges, a longer row is split over items and
// its partial results are joined in order. The cut depends on the graph alone, so results do not depend on threads.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/sparse_attention/sparse_attention_simd.cc"
#include "graphsieve/ops/common/targets.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"
#include "graphsieve/ops/common/gathered_rows-inl.h"
#include "hwy/contrib/math/math-inl.h"

#ifndef GRAPHSIEVE_SPARSE_ATTENTION_ONCE
#define GRAPHSIEVE_SPARSE_ATTENTION_ONCE
namespace graphsieve::kernels {

constexpr int64_t kItemEdges = 8192;  ///< edges of an item, and of a piece of a long row
constexpr int64_t kRowCost = 8;       ///< what a row costs beside its edges, in edges

/// A run of whole rows, or a piece of one long row.
struct WorkItem {
  int64_t row_begin, row_end, edge_begin, edge_end;
  int64_t piece;  ///< index among the pieces of long rows; -1 for whole rows
};

struct WorkPlan {
  std::vector<WorkItem> items;
  int64_t pieces = 0;

  explicit WorkPlan(const TypedEdges& edges) {
    const int64_t* start = edges.row_start;
    for (int64_t r = 0; r < edges.rows;) {
      if (start[r + 1] - start[r] > 2 * kItemEdges) {
        for (int64_t e = start[r]; e < start[r + 1]; e += kItemEdges)
          items.push_back({r, r + 1, e, std::min(e + kItemEdges, start[r + 1]), pieces++});
        ++r;
        continue;
      }
      const int64_t first = r;
      for (int64_t cost = 0; r < edges.rows && cost < kItemEdges; ++r) {
        const int64_t degree = start[r + 1] - start[r];
        if (degree > 2 * kItemEdges) break;
        cost += degree + kRowCost;
      }
      items.push_back({first, r, start[first], start[r], -1});
    }
  }

  /// Calls row(item, row, edge_begin, edge_end, piece) for the rows of every item, in parallel over items.
  template <class Row>
  void run(const TypedEdges& edges, const Row& row) const {
    parallel_for(static_cast<int64_t>(items.size()), [&](int64_t n) {
      const WorkItem& item = items[n];
      if (item.piece >= 0) return row(n, item.row_begin, item.edge_begin, item.edge_end, item.piece);
      for (int64_t r = item.row_begin; r < item.row_end; ++r)
        row(n, r, edges.row_start[r], edges.row_start[r + 1], int64_t{-1});
    });
  }

  /// Calls join(row, first piece, past the last piece) for every row that was split.
  template <class Join>
  void join(const Join& join) const {
    for (size_t n = 0; n < items.size();) {
      if (items[n].piece < 0) { ++n; continue; }
      const size_t first = n;
      while (n < items.size() && items[n].piece >= 0 && items[n].row_begin == items[first].row_begin) ++n;
      join(items[first].row_begin, items[first].piece, items[n - 1].piece + 1);
    }
  }
};

}  // namespace graphsieve::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// The most edges of a segment, and floats of its per-edge-and-head buffers.
constexpr int64_t kSegmentEdges = 256;
constexpr int64_t kSegmentValues = 2048;
constexpr int64_t kSegmentBytes = 32768;  ///< of the rows gathered: they are read again from the first-level cache

/// One thread's buffers for a segment.
struct Segment {
  HWY_ALIGN float logit[kSegmentValues + 2 * N], other[kSegmentValues + 2 * N];
  HWY_ALIGN float log_sum[kSegmentValues + 2 * N], delta[kSegmentValues + 2 * N];
  HWY_ALIGN float key_rows[(kSegmentEdges + N) * 8], value_rows[(kSegmentEdges + N) * 8];
  const int32_t* index;  ///< of the segment's edges, readable to the end of the last chunk
  const uint8_t* type;
  int32_t index_copy[kSegmentEdges + 2 * N];
  uint8_t type_copy[kSegmentEdges + 2 * N];
  std::vector<float> weights, value_weights, sum, value_sum, out;  ///< rows, as long as the layout needs

  void reserve(int64_t types, int64_t key_row, int64_t value_row) {
    weights.resize(std::max<size_t>(weights.size(), types * key_row));
    value_weights.resize(std::max<size_t>(value_weights.size(), value_row));
    value_sum.resize(std::max<size_t>(value_sum.size(), value_row));
    sum.resize(std::max<size_t>(sum.size(), std::max(key_row, value_row)));
    out.resize(std::max<size_t>(out.size(), key_row));
  }
};


/// Copies rows of heads x width into the layout's padded form.
template <class T>
void pad_rows(const T* from, int64_t stride, int64_t rows, int64_t heads, int64_t width, const HeadLayout& layout, T* to,
              int64_t to_stride) {
  parallel_blocks(rows, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* row = to + r * to_stride;
      if (layout.width == width && layout.heads == heads) {
        std::copy_n(from + r * stride, layout.row(), row);
        continue;
      }
      std::fill(row, row + layout.row(), T{});
      for (int64_t h = 0; h < heads; ++h)
        std::copy_n(from + r * stride + h * width, width, row + h * layout.width);
    }
  });
}

template <class T>
void unpad_row(const float* from, int64_t heads, int64_t width, const HeadLayout& layout, T* to) {
  if (layout.width == width) width *= heads, heads = 1;
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t c = 0; c < width; ++c) store_as(to + h * width + c, from[h * layout.width + c]);
}

/// The call's rows in this target's layout. Copies are made only where heads or widths do not fit the vectors.
template <class T>
struct Operands {
  const SparseAttentionArgs<T>& a;
  HeadLayout key, value;
  Rows<T> query_rows, key_rows, value_rows;
  std::vector<float> type_scale, type_bias;  ///< types x key.padded_row() and types x N, each repeated to fill a vector
  int64_t segment_edges;
  int64_t chunk_edges;

  Operands(const SparseAttentionArgs<T>& args, const Scratch& scratch)
      : a(args), key(a.heads, a.key_width), value(a.heads, a.value_width) {
    const int64_t keys = a.heads * a.key_width, row = key.row() + value.row();
    query_rows = {a.query, a.query_stride};
    key_rows = {a.key_value, a.key_value_stride};
    value_rows = {a.key_value + keys, a.key_value_stride};
    const bool keys_fit = key.heads == a.heads && key.width == a.key_width;
    const bool values_fit = value.heads == a.heads && value.width == a.value_width;
    if (!keys_fit || !values_fit) {
      T* packed = static_cast<T*>(scratch(a.sources * row * sizeof(T)));
      pad_rows(key_rows.base, key_rows.stride, a.sources, a.heads, a.key_width, key, packed, row);
      pad_rows(value_rows.base, value_rows.stride, a.sources, a.heads, a.value_width, value, packed + key.row(), row);
      key_rows = {packed, row};
      value_rows = {packed + key.row(), row};
    }
    if (!keys_fit) {
      T* packed = static_cast<T*>(scratch(a.destinations * key.row() * sizeof(T)));
      pad_rows(query_rows.base, query_rows.stride, a.destinations, a.heads, a.key_width, key, packed, key.row());
      query_rows = {packed, key.row()};
    }
    type_scale.resize(a.types * key.padded_row());
    type_bias.resize(a.types * N);
    for (int t = 0; t < a.types; ++t) {
      float* scale = type_scale.data() + t * key.padded_row();
      for (int h = 0; h < a.heads; ++h) {
        for (int64_t i = h; i < N; i += key.heads) type_bias[t * N + i] = a.type_bias[t * a.heads + h];
        std::copy_n(a.type_scale + (t * a.heads + h) * a.key_width, a.key_width, scale + h * key.width);
      }
      for (int64_t c = key.row(); c < key.padded_row(); ++c) scale[c] = scale[c - key.row()];
    }
    const int64_t row_bytes = (key.row() + value.row()) * static_cast<int64_t>(sizeof(T));
    segment_edges = std::clamp(kSegmentBytes / row_bytes / 16 * 16, int64_t{32}, std::min(kSegmentEdges, kSegmentValues / key.heads));
    chunk_edges = N / key.heads;
  }

  /// row * scale of every type, the weights of a row's dot products; staged layouts repeat each to fill a vector.
  void typed_weights(const T* row, float* to) const {
    const int64_t stride = key.padded_row();
    HWY_ALIGN float repeated[N];
    if (key.staged()) repeat(row, key.row(), repeated);
    for (int64_t c = 0; c < stride; c += N) {
      const VF x = key.staged() ? hn::Load(DF(), repeated) : load(row + c);
      for (int64_t t = 0; t < a.types; ++t)
        hn::StoreU(hn::Mul(x, load(type_scale.data() + t * stride + c)), DF(), to + t * stride + c);
    }
  }

  /// The same without types, for the values' layout.
  void plain_weights(const T* row, float* to) const {
    if (value.staged()) return repeat(row, value.row(), to);
    for (int64_t c = 0; c < value.row(); c += N) hn::StoreU(load(row + c), DF(), to + c);
  }

  /// A short row over and over, to fill a vector; width divides N.
  static void repeat(const T* row, int64_t width, float* to) {
    for (int64_t c = 0; c < N; c += width)
      for (int64_t x = 0; x < width; ++x) to[c + x] = to_float(row[x]);
  }
};

/// This thread's segment, with room for the operands' rows.
template <class T>
Segment& segment_of_thread(const Operands<T>& o) {
  static thread_local Segment segment;
  segment.reserve(o.a.types, o.key.padded_row(), o.value.padded_row());
  return segment;
}

/// Points the segment at its indices and types. The last chunk may take edges of the next rows along, which changes
/// nothing; at the very end of the graph a copy is filled up instead. Returns the number of chunks.
inline int64_t point_segment(const TypedEdges& edges, int64_t begin, int64_t count, int64_t chunk_edges, Segment& s) {
  const int64_t chunks = (count + chunk_edges - 1) / chunk_edges, covered = chunks * chunk_edges;
  s.index = edges.index + begin;
  s.type = edges.type + begin;
  if (begin + covered <= edges.row_start[edges.rows]) return chunks;
  for (int64_t e = 0; e < covered; ++e) {
    s.index_copy[e] = s.index[std::min(e, count - 1)];
    s.type_copy[e] = s.type[std::min(e, count - 1)];
  }
  s.index = s.index_copy;
  s.type = s.type_copy;
  return chunks;
}

/// Rows of the edges that follow edge `begin`, to be fetched: `bytes` of each.
template <class T>
Fetch<T> fetch_from(const TypedEdges& edges, int64_t begin, const Rows<T>& rows, int64_t bytes) {
  return {rows, edges.index + begin, std::max<int64_t>(0, edges.row_start[edges.rows] - begin), bytes};
}

/// s.logit = dot products of edges [begin, begin + count), without their bias, with the row whose weights are given.
/// Meanwhile the same edges' `second` rows are fetched, which the next step reads.
template <class T>
int64_t segment_dots(const Operands<T>& o, const TypedEdges& edges, const Rows<T>& rows, const Rows<T>& second,
                     int64_t begin, int64_t count, Segment& s) {
  const int64_t chunks = point_segment(edges, begin, count, o.chunk_edges, s);
  if (o.key.staged()) stage_rows(rows, s.index, chunks * o.chunk_edges, o.key.row(), s.key_rows);
  dots(DotsCall<T>{rows, o.key, {s.weights.data(), o.key.padded_row(), s.type}, s.index, chunks, s.key_rows, s.logit,
                   fetch_from(edges, begin, second, o.value.row() * static_cast<int64_t>(sizeof(T)))});
  return chunks;
}

/// s.other = dot products of the segment's value-layout rows with the row in s.value_weights.
template <class T>
void segment_value_dots(const Operands<T>& o, const Rows<T>& rows, int64_t chunks, Segment& s) {
  if (o.value.staged()) stage_rows(rows, s.index, chunks * o.chunk_edges, o.value.row(), s.value_rows);
  dots(DotsCall<T>{rows, o.value, {s.value_weights.data(), 0, nullptr}, s.index, chunks, s.value_rows, s.other});
}

/// The logits of a chunk before clamping: dot products plus each edge's type bias.
template <class T>
HWY_INLINE VF chunk_logits(const Operands<T>& o, int64_t chunk, const Segment& s) {
  const DF d;
  const int64_t heads = o.key.heads;
  const uint8_t* type = s.type + chunk * o.chunk_edges;
  const VF dot = hn::Load(d, s.logit + chunk * N);
  if (all_equal(type, o.chunk_edges)) return hn::Add(dot, load(o.type_bias.data() + type[0] * N));
  HWY_ALIGN float mixed[N];
  for (int64_t e = 0; e < o.chunk_edges; ++e)
    for (int64_t h = 0; h < heads; ++h) mixed[e * heads + h] = o.type_bias[type[e] * N + h];
  return hn::Add(dot, hn::Load(d, mixed));
}

/// Lanes of the last chunk that hold edges.
inline auto chunk_mask(int64_t chunk, int64_t values) {
  const int64_t left = values - chunk * N;
  return hn::FirstN(DF(), static_cast<size_t>(left < N ? left : N));
}

/// Running softmax of a row: per head the largest logit, the sum, and the weighted sum of values so far.
struct RowState {
  float top[16];
  float sum[16];
};

template <class T>
class Forward {
 public:
  Forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum, const Scratch& scratch)
      : o_(a, scratch), edges_(edges), out_(out), log_sum_(log_sum), bounded_(a.clamp <= 40), key_bytes_(o_.key.row() * sizeof(T)) {}

  void run() {
    const WorkPlan plan(edges_);
    const int64_t width = o_.value.padded_row();
    std::vector<RowState> states(plan.pieces);
    std::vector<float> sums(plan.pieces * width);
    plan.run(edges_, [&](int64_t, int64_t row, int64_t begin, int64_t end, int64_t piece) {
      if (piece >= 0) return take(row, begin, end, states[piece], sums.data() + piece * width);
      Segment& s = segment_of_thread(o_);
      RowState state;
      take(row, begin, end, state, s.sum.data());
      finish(row, begin < end, state, s.sum.data());
    });
    plan.join([&](int64_t row, int64_t first, int64_t last) {
      RowState& into = states[first];
      float* sum = sums.data() + first * width;
      for (int64_t p = first + 1; p < last; ++p) join(states[p], sums.data() + p * width, into, sum);
      finish(row, true, into, sum);
    });
  }

 private:
  /// The softmax state of edges [begin, end) of a row.
  void take(int64_t row, int64_t begin, int64_t end, RowState& state, float* sum) const {
    Segment& s = segment_of_thread(o_);
    for (int h = 0; h < 16; ++h) {
      state.top[h] = bounded_ ? o_.a.clamp : -std::numeric_limits<float>::infinity();
      state.sum[h] = 0;
    }
    std::fill(sum, sum + o_.value.padded_row(), 0.f);
    if (begin < end) o_.typed_weights(o_.query_rows[row], s.weights.data());
    for (int64_t e = begin; e < end; e += o_.segment_edges)
      take_segment(e, std::min(o_.segment_edges, end - e), state, sum, s);
  }

  void take_segment(int64_t begin, int64_t count, RowState& state, float* sum, Segment& s) const {
    const DF d;
    const int64_t chunks = segment_dots(o_, edges_, o_.key_rows, o_.value_rows, begin, count, s);
    const int64_t heads = o_.key.heads, values = count * heads;
    const VF top = hn::Set(d, o_.a.clamp), bottom = hn::Set(d, -o_.a.clamp);
    HWY_ALIGN float lanes[N];
    if (!bounded_) raise_top(chunks, values, state, sum, s);
    for (int64_t i = 0; i < N; ++i) lanes[i] = state.top[i % heads];
    const VF shift = hn::Load(d, lanes);
    VF total = hn::Zero(d);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      float* at = s.logit + chunk * N;
      const VF logit = hn::Max(hn::Min(chunk_logits(o_, chunk, s), top), bottom);
      VF p = hn::Exp(d, hn::Sub(logit, shift));
      if (chunk == chunks - 1) p = hn::IfThenElseZero(chunk_mask(chunk, values), p);
      total = hn::Add(total, p);
      hn::Store(p, d, at);
    }
    hn::Store(total, d, lanes);
    for (int64_t i = 0; i < N; ++i) state.sum[i % heads] += lanes[i];
    if (o_.value.staged()) stage_rows(o_.value_rows, s.index, chunks * o_.chunk_edges, o_.value.row(), s.value_rows);
    weighted_sum(SumCall<T>{o_.value_rows, o_.value, s.index, s.value_rows, s.logit, 0, count, sum,
                            fetch_from(edges_, begin + count, o_.key_rows, key_bytes_)});
  }

  /// Unbounded logits: brings the state to the largest logit seen.
  void raise_top(int64_t chunks, int64_t values, RowState& state, float* sum, Segment& s) const {
    const DF d;
    const int64_t heads = o_.key.heads;
    const VF lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
    const VF high = hn::Set(d, o_.a.clamp), low = hn::Set(d, -o_.a.clamp);
    VF top = lowest;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const VF logit = hn::Max(hn::Min(chunk_logits(o_, chunk, s), high), low);
      top = hn::Max(top, chunk == chunks - 1 ? hn::IfThenElse(chunk_mask(chunk, values), logit, lowest) : logit);
    }
    HWY_ALIGN float lanes[N];
    hn::Store(top, d, lanes);
    for (int64_t h = 0; h < heads; ++h) {
      float now = state.top[h];
      for (int64_t i = h; i < N; i += heads) now = std::max(now, lanes[i]);
      const float scale = state.sum[h] > 0 ? std::exp(state.top[h] - now) : 0.f;
      state.top[h] = now;
      state.sum[h] *= scale;
      for (int64_t c = 0; c < o_.value.width; ++c) sum[h * o_.value.width + c] *= scale;
    }
  }

  void join(const RowState& from, const float* from_sum, RowState& into, float* sum) const {
    for (int64_t h = 0; h < o_.key.heads; ++h) {
      const float top = std::max(from.top[h], into.top[h]);
      const float a = std::exp(from.top[h] - top), b = std::exp(into.top[h] - top);
      into.top[h] = top;
      into.sum[h] = into.sum[h] * b + from.sum[h] * a;
      for (int64_t c = h * o_.value.width; c < (h + 1) * o_.value.width; ++c) sum[c] = sum[c] * b + from_sum[c] * a;
    }
  }

  void finish(int64_t row, bool any, const RowState& state, float* sum) const {
    const int64_t heads = o_.a.heads, width = o_.a.value_width;
    for (int64_t h = 0; h < heads; ++h) {
      log_sum_[row * heads + h] =
          any ? state.top[h] + std::log(state.sum[h]) : -std::numeric_limits<float>::infinity();
      const float scale = any ? 1.f / state.sum[h] : 0.f;
      for (int64_t c = h * o_.value.width; c < (h + 1) * o_.value.width; ++c) sum[c] *= scale;
    }
    unpad_row(sum, heads, width, o_.value, out_ + row * heads * width);
  }

  const Operands<T> o_;
  const TypedEdges& edges_;
  T* out_;
  float* log_sum_;
  const bool bounded_;
  const int64_t key_bytes_;
};

template <class T>
class Backward {
 public:
  Backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source, const T* out,
           const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to, const Scratch& scratch)
      : o_(a, scratch), edges_(edges), by_source_(by_source), to_(to), per_row_(o_.key.row() + o_.value.row()),
        key_bytes_(o_.key.row() * sizeof(T)) {
    pack(out, log_sum, grad, scratch);
  }

  void run() {
    by_destination();
    by_source();
  }

 private:
  static constexpr float kNoEdges = std::numeric_limits<float>::infinity();

  /// Destination rows as the pass by source gathers them: query and gradient side by side, log-sum and delta apart.
  void pack(const T* out, const float* log_sum, const T* grad, const Scratch& scratch) {
    const auto& a = o_.a;
    const int64_t heads = a.heads, width = a.value_width, values = heads * width;
    T* packed = static_cast<T*>(scratch(a.destinations * per_row_ * sizeof(T)));
    pad_rows(o_.query_rows.base, o_.query_rows.stride, a.destinations, 1, o_.key.row(), HeadLayoutOfRow(o_.key.row()), packed,
             per_row_);
    pad_rows(grad, values, a.destinations, heads, width, o_.value, packed + o_.key.row(), per_row_);
    query_ = {packed, per_row_};
    grad_ = {packed + o_.key.row(), per_row_};
    float* stats = static_cast<float*>(scratch(a.destinations * 2 * o_.key.heads * sizeof(float)));
    stats_ = {stats, 2 * o_.key.heads};
    parallel_blocks(a.destinations, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t h = 0; h < o_.key.heads; ++h) {
          float delta = 0;
          for (int64_t c = 0; h < heads && c < width; ++c)
            delta += to_float(grad[i * values + h * width + c]) * to_float(out[i * values + h * width + c]);
          stats[i * 2 * o_.key.heads + h] = h < heads ? log_sum[i * heads + h] : 0;
          stats[(i * 2 + 1) * o_.key.heads + h] = delta;
        }
    });
  }

  /// A row taken as it is.
  static HeadLayout HeadLayoutOfRow(int64_t width) {
    HeadLayout layout(1, 1);
    layout.width = width;
    return layout;
  }

  /// From logits (in s.logit) and values' dot products (in s.other): the logits' gradients into s.logit, probabilities
  /// into s.other. log_sum and delta are one per edge and head, or (Same) one per head, repeated over a vector.
  template <bool Same>
  void differentiate(int64_t chunks, int64_t values, Segment& s) const {
    const DF d;
    const VF top = hn::Set(d, o_.a.clamp), bottom = hn::Set(d, -o_.a.clamp);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t at = chunk * N, stat = Same ? 0 : at;
      const VF raw = chunk_logits(o_, chunk, s);
      const VF logit = hn::Max(hn::Min(raw, top), bottom);
      VF p = hn::Exp(d, hn::Sub(logit, hn::Load(d, s.log_sum + stat)));
      if (chunk == chunks - 1) p = hn::IfThenElseZero(chunk_mask(chunk, values), p);
      const VF ds = hn::Mul(p, hn::Sub(hn::Load(d, s.other + at), hn::Load(d, s.delta + stat)));
      hn::Store(hn::IfThenElseZero(hn::Eq(raw, logit), ds), d, s.logit + at);
      hn::Store(p, d, s.other + at);
    }
  }

  /// Calls run(type, begin, end) for runs of equal types in a segment.
  template <class Run>
  static void type_runs(const uint8_t* type, int64_t count, const Run& run) {
    for (int64_t e = 0; e < count;) {
      const int64_t begin = e;
      while (e < count && type[e] == type[begin]) ++e;
      run(type[begin], begin, e);
    }
  }

  /// sum = weighted sum of key-layout rows over a run, from zero.
  void sum_keys(const Rows<T>& rows, int64_t begin, int64_t end, const Fetch<T>& fetch, Segment& s) const {
    std::fill_n(s.sum.data(), o_.key.padded_row(), 0.f);
    weighted_sum(SumCall<T>{rows, o_.key, s.index, s.key_rows, s.logit, begin, end, s.sum.data(), fetch});
  }

  void by_destination() {
    const WorkPlan plan(edges_);
    const int64_t row = o_.key.row(), heads = o_.key.heads, types = o_.a.types;
    const int64_t per_item = (to_.type_scale ? types * row : 0) + (to_.type_bias ? types * heads : 0);
    std::vector<float> type_sums(plan.items.size() * per_item), pieces(plan.pieces * row);
    plan.run(edges_, [&](int64_t item, int64_t i, int64_t begin, int64_t end, int64_t piece) {
      Segment& s = segment_of_thread(o_);
      std::fill_n(s.out.data(), row, 0.f);
      float* scale_sum = to_.type_scale ? type_sums.data() + item * per_item : nullptr;
      float* bias_sum = to_.type_bias ? type_sums.data() + item * per_item + (to_.type_scale ? types * row : 0) : nullptr;
      destination_row(i, begin, end, s, scale_sum, bias_sum);
      if (piece >= 0) std::copy_n(s.out.data(), row, pieces.data() + piece * row);
      else unpad_row(s.out.data(), o_.a.heads, o_.a.key_width, o_.key, to_.query + i * o_.a.heads * o_.a.key_width);
    });
    plan.join([&](int64_t i, int64_t first, int64_t last) {
      for (int64_t p = first + 1; p < last; ++p)
        for (int64_t c = 0; c < row; ++c) pieces[first * row + c] += pieces[p * row + c];
      unpad_row(pieces.data() + first * row, o_.a.heads, o_.a.key_width, o_.key,
                to_.query + i * o_.a.heads * o_.a.key_width);
    });
    collect_types(type_sums, per_item);
  }

  void destination_row(int64_t i, int64_t begin, int64_t end, Segment& s, float* scale_sum, float* bias_sum) const {
    if (begin == end) return;
    const int64_t heads = o_.key.heads, row = o_.key.row();
    const T* query = query_[i];
    o_.typed_weights(query, s.weights.data());
    o_.plain_weights(grad_[i], s.value_weights.data());
    for (int64_t l = 0; l < N; ++l) {
      s.log_sum[l] = stats_[i][l % heads];
      s.delta[l] = stats_[i][heads + l % heads];
    }
    for (int64_t e = begin; e < end; e += o_.segment_edges) {
      const int64_t count = std::min(o_.segment_edges, end - e);
      const int64_t chunks = segment_dots(o_, edges_, o_.key_rows, o_.value_rows, e, count, s);
      segment_value_dots(o_, o_.value_rows, chunks, s);
      differentiate<true>(chunks, count * heads, s);
      type_runs(s.type, count, [&](int type, int64_t from, int64_t to) {
        sum_keys(o_.key_rows, from, to, fetch_from(edges_, e + count, o_.key_rows, key_bytes_), s);
        const float* scale = o_.type_scale.data() + type * o_.key.padded_row();
        for (int64_t c = 0; c < row; ++c) s.out[c] += s.sum[c] * scale[c];
        if (scale_sum)
          for (int64_t c = 0; c < row; ++c) scale_sum[type * row + c] += s.sum[c] * to_float(query[c]);
      });
      if (bias_sum) sum_bias(chunks, s, bias_sum);
    }
  }

  /// Adds the logits' gradients (zero past the segment's end) to their types' sums.
  void sum_bias(int64_t chunks, Segment& s, float* bias_sum) const {
    const DF d;
    const int64_t heads = o_.key.heads;
    HWY_ALIGN float lanes[N];
    for (int64_t chunk = 0; chunk < chunks;) {
      const uint8_t* type = s.type + chunk * o_.chunk_edges;
      if (!all_equal(type, o_.chunk_edges)) {
        for (int64_t e = 0; e < o_.chunk_edges; ++e)
          for (int64_t h = 0; h < heads; ++h) bias_sum[type[e] * heads + h] += s.logit[chunk * N + e * heads + h];
        ++chunk;
        continue;
      }
      VF sum = hn::Zero(d);
      do sum = hn::Add(sum, hn::Load(d, s.logit + chunk++ * N));
      while (chunk < chunks && type[0] == s.type[chunk * o_.chunk_edges] &&
             all_equal(s.type + chunk * o_.chunk_edges, o_.chunk_edges));
      hn::Store(sum, d, lanes);
      for (int64_t i = 0; i < N; ++i) bias_sum[type[0] * heads + i % heads] += lanes[i];
    }
  }

  /// Adds the items' sums in order.
  void collect_types(const std::vector<float>& sums, int64_t per_item) const {
    if (per_item == 0) return;
    std::vector<double> total(per_item);
    for (size_t at = 0; at < sums.size(); at += per_item)
      for (int64_t c = 0; c < per_item; ++c) total[c] += sums[at + c];
    const auto& a = o_.a;
    const double* bias = total.data() + (to_.type_scale ? a.types * o_.key.row() : 0);
    for (int t = 0; t < a.types; ++t)
      for (int h = 0; h < a.heads; ++h) {
        if (to_.type_bias) to_.type_bias[t * a.heads + h] = static_cast<float>(bias[t * o_.key.heads + h]);
        for (int64_t c = 0; to_.type_scale && c < a.key_width; ++c)
          to_.type_scale[(t * a.heads + h) * a.key_width + c] =
              static_cast<float>(total[t * o_.key.row() + h * o_.key.width + c]);
      }
  }

  void by_source() {
    const WorkPlan plan(by_source_);
    const int64_t row = per_row_ + 2 * N;
    std::vector<float> pieces(plan.pieces * row);
    plan.run(by_source_, [&](int64_t, int64_t j, int64_t begin, int64_t end, int64_t piece) {
      Segment& s = segment_of_thread(o_);
      std::fill_n(s.out.data(), o_.key.row(), 0.f);
      std::fill_n(s.value_sum.data(), o_.value.padded_row(), 0.f);
      source_row(j, begin, end, s);
      if (piece < 0) return write_source(j, s.out.data(), s.value_sum.data());
      std::copy_n(s.out.data(), o_.key.row(), pieces.data() + piece * row);
      std::copy_n(s.value_sum.data(), o_.value.row(), pieces.data() + piece * row + o_.key.row());
    });
    plan.join([&](int64_t j, int64_t first, int64_t last) {
      float* sum = pieces.data() + first * row;
      for (int64_t p = first + 1; p < last; ++p)
        for (int64_t c = 0; c < per_row_; ++c) sum[c] += pieces[p * row + c];
      write_source(j, sum, sum + o_.key.row());
    });
  }

  void source_row(int64_t j, int64_t begin, int64_t end, Segment& s) const {
    if (begin == end) return;
    const int64_t heads = o_.key.heads, row = o_.key.row();
    o_.typed_weights(o_.key_rows[j], s.weights.data());
    o_.plain_weights(o_.value_rows[j], s.value_weights.data());
    for (int64_t e = begin; e < end; e += o_.segment_edges) {
      const int64_t count = std::min(o_.segment_edges, end - e);
      const int64_t chunks = segment_dots(o_, by_source_, query_, grad_, e, count, s);
      segment_value_dots(o_, grad_, chunks, s);
      gather_stats(chunks * o_.chunk_edges, s);
      differentiate<false>(chunks, count * heads, s);
      type_runs(s.type, count, [&](int type, int64_t from, int64_t to) {
        sum_keys(query_, from, to, {}, s);
        const float* scale = o_.type_scale.data() + type * o_.key.padded_row();
        for (int64_t c = 0; c < row; ++c) s.out[c] += s.sum[c] * scale[c];
      });
      weighted_sum(SumCall<T>{grad_, o_.value, s.index, s.value_rows, s.other, 0, count, s.value_sum.data(),
                              fetch_from(by_source_, e + count, query_, key_bytes_)});
    }
  }

  void gather_stats(int64_t count, Segment& s) const {
    const int64_t heads = o_.key.heads;
    const auto copy = [&](auto fixed) {
      constexpr int64_t H = decltype(fixed)::value;
      for (int64_t e = 0; e < count; ++e) {
        const float* stats = stats_[s.index[e]];
        for (int64_t h = 0; h < H; ++h) s.log_sum[e * H + h] = stats[h], s.delta[e * H + h] = stats[H + h];
      }
    };
    switch (heads) {
      case 1: return copy(std::integral_constant<int64_t, 1>());
      case 2: return copy(std::integral_constant<int64_t, 2>());
      case 4: return copy(std::integral_constant<int64_t, 4>());
      case 8: return copy(std::integral_constant<int64_t, 8>());
      default: return copy(std::integral_constant<int64_t, 16>());
    }
  }

  void write_source(int64_t j, const float* keys, const float* values) const {
    const auto& a = o_.a;
    T* to = to_.key_value + j * a.heads * (a.key_width + a.value_width);
    unpad_row(keys, a.heads, a.key_width, o_.key, to);
    unpad_row(values, a.heads, a.value_width, o_.value, to + a.heads * a.key_width);
  }

  const Operands<T> o_;
  const TypedEdges &edges_, &by_source_;
  const SparseAttentionGradients<T>& to_;
  const int64_t per_row_, key_bytes_;
  Rows<T> query_{}, grad_{};
  Rows<float> stats_{};
};

template <class T>
void scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum, float* to,
            const Scratch& scratch) {
  const Operands<T> o(a, scratch);
  const DF d;
  const VF top = hn::Set(d, a.clamp), bottom = hn::Set(d, -a.clamp);
  WorkPlan(edges).run(edges, [&](int64_t, int64_t i, int64_t begin, int64_t end, int64_t) {
    Segment& s = segment_of_thread(o);
    if (begin < end) o.typed_weights(o.query_rows[i], s.weights.data());
    for (int64_t l = 0; l < N; ++l) {
      const int64_t h = l % o.key.heads;
      s.log_sum[l] = h < a.heads ? log_sum[i * a.heads + h] : 0;
    }
    const VF shift = hn::Load(d, s.log_sum);
    for (int64_t e = begin; e < end; e += o.segment_edges) {
      const int64_t count = std::min(o.segment_edges, end - e);
      const int64_t chunks = segment_dots(o, edges, o.key_rows, o.key_rows, e, count, s);
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        float* at = s.logit + chunk * N;
        hn::Store(hn::Exp(d, hn::Sub(hn::Max(hn::Min(chunk_logits(o, chunk, s), top), bottom), shift)), d, at);
      }
      for (int64_t x = 0; x < count; ++x)
        std::copy_n(s.logit + x * o.key.heads, a.heads, to + (e + x) * a.heads);
    }
  });
}

void forward_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, float* out, float* log_sum,
                   const Scratch& scratch) {
  Forward<float>(a, edges, out, log_sum, scratch).run();
}
void forward_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, BFloat16* out, float* log_sum,
                  const Scratch& scratch) {
  Forward<BFloat16>(a, edges, out, log_sum, scratch).run();
}
void backward_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, const TypedEdges& by_source,
                    const float* out, const float* log_sum, const float* grad, const SparseAttentionGradients<float>& to,
                    const Scratch& scratch) {
  Backward<float>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}
void backward_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, const TypedEdges& by_source,
                   const BFloat16* out, const float* log_sum, const BFloat16* grad,
                   const SparseAttentionGradients<BFloat16>& to, const Scratch& scratch) {
  Backward<BFloat16>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}
void scores_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, const float* log_sum, float* to,
                  const Scratch& scratch) {
  scores(a, edges, log_sum, to, scratch);
}
void scores_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, const float* log_sum, float* to,
                 const Scratch& scratch) {
  scores(a, edges, log_sum, to, scratch);
}
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
  if constexpr (std::is_same_v<T, float>) HWY_DYNAMIC_DISPATCH(forward_float)(a, edges, out, log_sum, scratch);
  else HWY_DYNAMIC_DISPATCH(forward_half)(a, edges, out, log_sum, scratch);
}

template <class T>
void sparse_attention_backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source,
                               const T* out, const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to,
                               const Scratch& scratch) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(backward_float)(a, edges, by_source, out, log_sum, grad, to, scratch);
  else HWY_DYNAMIC_DISPATCH(backward_half)(a, edges, by_source, out, log_sum, grad, to, scratch);
}

template <class T>
void sparse_attention_scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum,
                             float* scores, const Scratch& scratch) {
  if constexpr (std::is_same_v<T, float>) HWY_DYNAMIC_DISPATCH(scores_float)(a, edges, log_sum, scores, scratch);
  else HWY_DYNAMIC_DISPATCH(scores_half)(a, edges, log_sum, scores, scratch);
}

bool sparse_attention_vectorised(int heads) { return heads <= HWY_DYNAMIC_DISPATCH(most_heads)(); }

#define GRAPHSIEVE_INSTANTIATE(T)                                                                                   \
  template void sparse_attention_forward(const SparseAttentionArgs<T>&, const TypedEdges&, T*, float*,              \
                                         const Scratch&);                                                          \
  template void sparse_attention_backward(const SparseAttentionArgs<T>&, const TypedEdges&, const TypedEdges&,      \
                                          const T*, const float*, const T*, const SparseAttentionGradients<T>&,     \
                                          const Scratch&);                                                         \
  template void sparse_attention_scores(const SparseAttentionArgs<T>&, const TypedEdges&, const float*, float*,     \
                                        const Scratch&);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(BFloat16)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
#endif
