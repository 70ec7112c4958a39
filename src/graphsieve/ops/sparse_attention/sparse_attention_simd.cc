// Vector code for every target from SSE4 to AVX-512, chosen at run time.
//
// A row's edges are taken a chunk at a time (one vector of logits): dot products, softmax, and, one chunk behind so that
// the two overlap, the weighted sum of rows. Backward: one pass by destination for the queries' gradient and the per-type
// sums, one pass by source for keys and values; both recompute the probabilities from the saved log-sum.
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
#include "graphsieve/ops/common/row_chunks-inl.h"

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

constexpr int64_t kFetchAhead = 8;  ///< edges; measured flat between 8 and 24

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
      for (int64_t h = 0; h < heads; ++h) std::copy_n(from + r * stride + h * width, width, row + h * layout.width);
    }
  });
}

template <class T>
void unpad_row(const float* from, int64_t heads, int64_t width, const HeadLayout& layout, T* to) {
  if (layout.width == width) width *= heads, heads = 1;
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t c = 0; c < width; ++c) store_as(to + h * width + c, from[h * layout.width + c]);
}

/// A short row over and over, to fill a vector; width divides N.
template <class T>
HWY_INLINE void repeat(const T* row, int64_t width, float* to) {
  for (int64_t c = 0; c < N; c += width)
    for (int64_t x = 0; x < width; ++x) to[c + x] = to_float(row[x]);
}

/// The call's rows in this target's layout. Copies are made only where heads or widths do not fit the vectors.
template <class T>
struct Operands {
  const SparseAttentionArgs<T>& a;
  HeadLayout key, value;
  Rows<T> query_rows, key_rows, value_rows;
  std::vector<float> type_scale, type_bias;  ///< types x key.padded_row() and types x N, each repeated to fill a vector

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
  }

  /// row * scale of every type, the weights of a row's dot products; rows below a vector are repeated to fill one.
  HWY_INLINE void typed_weights(const T* row, float* to) const {
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
  HWY_INLINE void plain_weights(const T* row, float* to) const {
    if (value.staged()) return repeat(row, value.row(), to);
    for (int64_t c = 0; c < value.row(); c += N) hn::StoreU(load(row + c), DF(), to + c);
  }
};

/// One thread's buffers for a row.
struct RowBuffers {
  HWY_ALIGN float first[2][2 * N], second[2][2 * N];    ///< coefficients of this chunk and the one before it
  HWY_ALIGN float log_sum[2 * N], delta[2 * N];
  HWY_ALIGN float staged[4][8 * N];                     ///< copies of short rows: two kinds, two chunks
  int32_t index[N];                                     ///< of a chunk at the graph's end
  uint8_t type[N];
  std::vector<float> weights, value_weights, sum, out, value_out, any, value_any;

  template <class T>
  void reserve(const Operands<T>& o) {
    const int64_t key = o.key.padded_row(), value = o.value.padded_row();
    const auto grow = [](std::vector<float>& v, int64_t size) {
      if (static_cast<int64_t>(v.size()) < size) v.resize(size);
    };
    grow(weights, o.a.types * key);
    grow(value_weights, value);
    grow(sum, std::max(key, value));
    grow(out, key);
    grow(value_out, value);
    grow(any, std::max(key, value));
    grow(value_any, std::max(key, value));
  }
};

template <class T>
RowBuffers& buffers_of_thread(const Operands<T>& o) {
  static thread_local RowBuffers buffers;
  buffers.reserve(o);
  return buffers;
}

/// A sum at zero; Any's lives in `memory`.
template <class P>
HWY_INLINE typename P::Sum zero_sum(const HeadLayout& layout, std::vector<float>& memory) {
  typename P::Sum sum;
  if constexpr (std::is_same_v<P, Any>) sum.memory = memory.data();
  static_cast<void>(memory);
  P::clear(layout, sum);
  return sum;
}

/// Walks the chunks of a row, `Step` edges each (0: given at run time). The last chunk may take edges of the next rows along, whose results are masked; at the very
/// end of the graph it works on a copy that repeats the last edge.
struct Cursor {
  const TypedEdges& edges;
  const int64_t begin, end, step, total;
  RowBuffers& buffers;

  Cursor(const TypedEdges& e, int64_t first, int64_t last, int64_t chunk, RowBuffers& b)
      : edges(e), begin(first), end(last), step(chunk), total(e.row_start[e.rows]), buffers(b) {}

  int64_t chunks() const { return (end - begin + step - 1) / step; }
  int64_t count(int64_t chunk) const { return std::min(step, end - begin - chunk * step); }

  struct At {
    const int32_t *index, *ahead;
    const uint8_t* type;
  };
  HWY_INLINE At at(int64_t chunk) const {
    const int64_t e = begin + chunk * step;
    if (HWY_LIKELY(e + kFetchAhead + step <= total)) return {edges.index + e, edges.index + e + kFetchAhead, edges.type + e};
    if (e + step <= total) return {edges.index + e, edges.index + e, edges.type + e};
    for (int64_t i = 0; i < step; ++i) {
      buffers.index[i] = edges.index[std::min(e + i, total - 1)];
      buffers.type[i] = edges.type[std::min(e + i, total - 1)];
    }
    return {buffers.index, buffers.index, buffers.type};
  }
};

/// The logits of a chunk before clamping: dot products plus each edge's type bias.
template <class P, class T>
HWY_INLINE VF add_bias(const Operands<T>& o, VF dots, const ChunkTypes& types) {
  const int64_t heads = P::heads(o.key), edges = P::edges(o.key);
  if (HWY_LIKELY(types.same)) return hn::Add(dots, load(o.type_bias.data() + types.type[0] * N));
  HWY_ALIGN float mixed[N];
  for (int64_t e = 0; e < edges; ++e)
    for (int64_t h = 0; h < heads; ++h) mixed[e * heads + h] = o.type_bias[types.type[e] * N + h];
  return hn::Add(dots, hn::Load(DF(), mixed));
}

/// Running softmax of a row: per head the logit that the exponentials are relative to, and their sum.
struct RowState {
  float top[16];
  float sum[16];
};

template <class T>
class Forward {
 public:
  Forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum, const Scratch& scratch)
      : o_(a, scratch), edges_(edges), out_(out), log_sum_(log_sum), bounded_(a.clamp <= 40) {}

  void run() {
    with_policy(o_.key, o_.value, [&](auto policy) { run_rows<decltype(policy)>(); });
  }

 private:
  template <class P>
  void run_rows() {
    const WorkPlan plan(edges_);
    const int64_t width = o_.value.padded_row();
    std::vector<RowState> states(plan.pieces);
    std::vector<float> sums(plan.pieces * width);
    plan.run(edges_, [&](int64_t, int64_t row, int64_t begin, int64_t end, int64_t piece) {
      RowBuffers& b = buffers_of_thread(o_);
      if (piece >= 0) return take<P>(row, begin, end, states[piece], sums.data() + piece * width, b);
      RowState state;
      take<P>(row, begin, end, state, b.value_out.data(), b);
      finish(row, begin < end, state, b.value_out.data());
    });
    plan.join([&](int64_t row, int64_t first, int64_t last) {
      RowState& into = states[first];
      float* sum = sums.data() + first * width;
      for (int64_t p = first + 1; p < last; ++p) join(states[p], sums.data() + p * width, into, sum);
      finish(row, true, into, sum);
    });
  }

  /// The softmax state and weighted sum of edges [begin, end) of a row.
  template <class P>
  void take(int64_t row, int64_t begin, int64_t end, RowState& state, float* to, RowBuffers& b) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), edges = P::edges(o_.key);
    for (int64_t h = 0; h < heads; ++h) {
      state.top[h] = bounded_ ? o_.a.clamp : -std::numeric_limits<float>::infinity();
      state.sum[h] = 0;
    }
    typename P::Sum sum = zero_sum<P>(o_.value, b.value_any);
    if (begin < end) o_.typed_weights(o_.query_rows[row], b.weights.data());
    const Cursor cursor(edges_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    const VF high = hn::Set(d, o_.a.clamp), low = hn::Set(d, -o_.a.clamp);
    VF shift = high, total = hn::Zero(d);
    ChunkRows<T> before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const ChunkTypes types(at.type, edges);
      const ChunkRows<T> keys{o_.key_rows, at.index, at.ahead, b.staged[0]};
      const ChunkRows<T> values{o_.value_rows, at.index, at.ahead, b.staged[2 + (chunk & 1)]};
      P::stage(o_.key, keys);
      P::stage(o_.value, values);
      const VF dots = P::dots(o_.key, keys, {b.weights.data(), o_.key.padded_row(), types});
      if (chunk > 0) P::template add<true>(o_.value, before, b.first[(chunk - 1) & 1], 0, edges, sum);
      const VF logit = hn::Max(hn::Min(add_bias<P>(o_, dots, types), high), low);
      const auto held = first_edges(cursor.count(chunk), heads);
      if (!bounded_) {
        const bool above = !hn::AllFalse(d, hn::And(hn::Gt(logit, shift), held));
        if (chunk == 0 || above) {
          // By way of memory, so that the sums themselves stay in registers.
          P::store_sum(o_.value, sum, b.sum.data());
          hn::Store(total, d, b.log_sum);
          hn::Store(hn::IfThenElse(held, logit, hn::Set(d, -std::numeric_limits<float>::infinity())), d, b.delta);
          raise(state, b);
          total = hn::Zero(d);
          P::load_sum(o_.value, b.sum.data(), sum);
          shift = hn::Load(d, b.delta);
        }
      }
      const VF p = hn::IfThenElseZero(held, exp_bounded(hn::Sub(logit, shift)));
      total = hn::Add(total, p);
      hn::Store(p, d, b.first[chunk & 1]);
      before = values;
    }
    if (chunks > 0) P::template add<true>(o_.value, before, b.first[(chunks - 1) & 1], 0, cursor.count(chunks - 1), sum);
    add_lanes_to(total, state);
    P::store_sum(o_.value, sum, to);
  }

  void add_lanes_to(VF total, RowState& state) const {
    HWY_ALIGN float lanes[N];
    hn::Store(total, DF(), lanes);
    for (int64_t i = 0; i < N; ++i) state.sum[i % o_.key.heads] += lanes[i];
  }

  /// Unbounded logits: brings the state to the largest logit seen. Takes the running total in b.log_sum, the logits in
  /// b.delta and the sum of values in b.sum; leaves the new shift in b.delta and the scaled sum in b.sum.
  HWY_NOINLINE void raise(RowState& state, RowBuffers& b) const {
    const int64_t heads = o_.key.heads;
    for (int64_t i = 0; i < N; ++i) state.sum[i % heads] += b.log_sum[i];
    for (int64_t h = 0; h < heads; ++h) {
      float now = state.top[h];
      for (int64_t i = h; i < N; i += heads) now = std::max(now, b.delta[i]);
      const float scale = state.sum[h] > 0 ? std::exp(state.top[h] - now) : 0.f;
      state.top[h] = now;
      state.sum[h] *= scale;
      for (int64_t c = 0; c < o_.value.width; ++c) b.sum[h * o_.value.width + c] *= scale;
    }
    for (int64_t i = 0; i < N; ++i) b.delta[i] = state.top[i % heads];
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
      log_sum_[row * heads + h] = any ? state.top[h] + std::log(state.sum[h]) : -std::numeric_limits<float>::infinity();
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
};

template <class T>
class Backward {
 public:
  Backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source, const T* out,
           const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to, const Scratch& scratch)
      : o_(a, scratch), edges_(edges), by_source_(by_source), to_(to), per_row_(o_.key.row() + o_.value.row()) {
    pack(out, log_sum, grad, scratch);
  }

  void run() {
    with_policy(o_.key, o_.value, [&](auto policy) {
      run_destinations<decltype(policy)>();
      run_sources<decltype(policy)>();
    });
  }

 private:
  /// Destination rows as the pass by source gathers them: query and gradient side by side, log-sum and delta apart.
  void pack(const T* out, const float* log_sum, const T* grad, const Scratch& scratch) {
    const auto& a = o_.a;
    const int64_t heads = a.heads, width = a.value_width, values = heads * width, stats_row = 2 * o_.key.heads;
    T* packed = static_cast<T*>(scratch(a.destinations * per_row_ * sizeof(T)));
    float* stats = static_cast<float*>(scratch(a.destinations * stats_row * sizeof(float)));
    pad_rows(grad, values, a.destinations, heads, width, o_.value, packed + o_.key.row(), per_row_);
    parallel_blocks(a.destinations, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::copy_n(o_.query_rows[i], o_.key.row(), packed + i * per_row_);
        for (int64_t h = 0; h < o_.key.heads; ++h) {
          float delta = 0;
          for (int64_t c = 0; h < heads && c < width; ++c)
            delta += to_float(grad[i * values + h * width + c]) * to_float(out[i * values + h * width + c]);
          stats[i * stats_row + h] = h < heads ? log_sum[i * heads + h] : 0;
          stats[i * stats_row + o_.key.heads + h] = delta;
        }
      }
    });
    query_ = {packed, per_row_};
    grad_ = {packed + o_.key.row(), per_row_};
    stats_ = {stats, stats_row};
  }

  struct Chunk {
    VF probability, logit_grad;
  };

  /// Probabilities and the logits' gradients of a chunk.
  template <class P>
  HWY_INLINE Chunk differentiate(VF dots, VF value_dots, const ChunkTypes& types, VF log_sum, VF delta,
                                 hn::Mask<DF> held) const {
    const DF d;
    const VF raw = add_bias<P>(o_, dots, types);
    const VF logit = hn::Max(hn::Min(raw, hn::Set(d, o_.a.clamp)), hn::Set(d, -o_.a.clamp));
    const VF p = hn::IfThenElseZero(held, exp_bounded(hn::Sub(logit, log_sum)));
    const VF ds = hn::Mul(p, hn::Sub(value_dots, delta));
    return {p, hn::IfThenElseZero(hn::Eq(raw, logit), ds)};
  }

  /// Sums of rows weighed by the logits' gradients, kept apart by edge type: `flush(type)` is called whenever the type
  /// changes and at the end, with the sum in `memory`.
  template <class P, class Flush>
  struct TypedSum {
    const HeadLayout& layout;
    typename P::Sum sum;
    float* memory;
    int type;
    const Flush& flush;

    HWY_INLINE void change(int to) {
      if (type >= 0) {  // by way of memory, so that the sum itself stays in registers
        P::store_sum(layout, sum, memory);
        flush(type);
      }
      P::clear(layout, sum);
      type = to;
    }

    HWY_INLINE void add(const ChunkRows<T>& rows, const ChunkTypes& chunk, const float* coefficient, int64_t count) {
      const uint8_t* types = chunk.type;
      if (HWY_LIKELY(chunk.same && types[0] == type && count == P::edges(layout)))
        return P::template add<false>(layout, rows, coefficient, 0, count, sum);
      for (int64_t e = 0; e < count;) {
        const int64_t begin = e;
        while (e < count && types[e] == types[begin]) ++e;
        if (types[begin] != type) change(types[begin]);
        P::template add<false>(layout, rows, coefficient, begin, e, sum);
      }
    }
  };

  template <class P>
  void run_destinations() {
    const WorkPlan plan(edges_);
    const int64_t row = o_.key.row(), heads = o_.key.heads, types = o_.a.types;
    const int64_t per_item = (to_.type_scale ? types * row : 0) + (to_.type_bias ? types * heads : 0);
    std::vector<float> type_sums(plan.items.size() * per_item), pieces(plan.pieces * row);
    plan.run(edges_, [&](int64_t item, int64_t i, int64_t begin, int64_t end, int64_t piece) {
      RowBuffers& b = buffers_of_thread(o_);
      std::fill_n(b.out.data(), row, 0.f);
      float* scale_sum = to_.type_scale ? type_sums.data() + item * per_item : nullptr;
      float* bias_sum = to_.type_bias ? type_sums.data() + item * per_item + (to_.type_scale ? types * row : 0) : nullptr;
      if (begin < end) destination_row<P>(i, begin, end, b, scale_sum, bias_sum);
      if (piece >= 0) std::copy_n(b.out.data(), row, pieces.data() + piece * row);
      else unpad_row(b.out.data(), o_.a.heads, o_.a.key_width, o_.key, to_.query + i * o_.a.heads * o_.a.key_width);
    });
    plan.join([&](int64_t i, int64_t first, int64_t last) {
      for (int64_t p = first + 1; p < last; ++p)
        for (int64_t c = 0; c < row; ++c) pieces[first * row + c] += pieces[p * row + c];
      unpad_row(pieces.data() + first * row, o_.a.heads, o_.a.key_width, o_.key,
                to_.query + i * o_.a.heads * o_.a.key_width);
    });
    collect_types(type_sums, per_item);
  }

  template <class P>
  void destination_row(int64_t i, int64_t begin, int64_t end, RowBuffers& b, float* scale_sum, float* bias_sum) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), row = P::row(o_.key), edges = P::edges(o_.key);
    const T* query = query_[i];
    o_.typed_weights(query, b.weights.data());
    o_.plain_weights(grad_[i], b.value_weights.data());
    for (int64_t l = 0; l < N; ++l) {
      b.log_sum[l] = stats_[i][l % heads];
      b.delta[l] = stats_[i][heads + l % heads];
    }
    const VF log_sum = hn::Load(d, b.log_sum), delta = hn::Load(d, b.delta);
    const auto flush = [&](int type) HWY_ATTR {
      const float* scale = o_.type_scale.data() + type * o_.key.padded_row();
      for (int64_t c = 0; c < row; ++c) b.out[c] += b.sum[c] * scale[c];
      if (scale_sum)
        for (int64_t c = 0; c < row; ++c) scale_sum[type * row + c] += b.sum[c] * to_float(query[c]);
    };
    TypedSum<P, decltype(flush)> sum{o_.key, zero_sum<P>(o_.key, b.any), b.sum.data(), -1, flush};
    const Cursor cursor(edges_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    VF bias = hn::Zero(d);
    int bias_type = -1;
    ChunkRows<T> before{};
    ChunkTypes types_before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const ChunkTypes types(at.type, edges);
      const ChunkRows<T> keys{o_.key_rows, at.index, at.ahead, b.staged[chunk & 1]}, values{o_.value_rows, at.index, at.ahead, b.staged[2]};
      P::stage(o_.key, keys);
      P::stage(o_.value, values);
      const VF dots = P::dots(o_.key, keys, {b.weights.data(), o_.key.padded_row(), types});
      const VF value_dots = P::dots(o_.value, values, {b.value_weights.data()});
      if (chunk > 0) sum.add(before, types_before, b.first[(chunk - 1) & 1], edges);
      const int64_t count = cursor.count(chunk);
      const Chunk c = differentiate<P>(dots, value_dots, types, log_sum, delta, first_edges(count, heads));
      hn::Store(c.logit_grad, d, b.first[chunk & 1]);
      if (bias_sum) sum_bias<P>(c.logit_grad, types, count, b.first[chunk & 1], bias, bias_type, bias_sum);
      before = keys;
      types_before = types;
    }
    sum.add(before, types_before, b.first[(chunks - 1) & 1], cursor.count(chunks - 1));
    sum.change(-1);
    if (bias_type >= 0) add_bias_lanes(bias, bias_type, bias_sum);
  }

  /// Adds a chunk's gradients to their types' sums: whole chunks of one type in a vector, others one by one.
  template <class P>
  HWY_INLINE void sum_bias(VF grad, const ChunkTypes& types, int64_t count, const float* lanes, VF& bias, int& bias_type,
                           float* bias_sum) const {
    const int64_t heads = P::heads(o_.key);
    const uint8_t* type = types.type;
    if (HWY_LIKELY(types.same)) {
      if (type[0] != bias_type) {
        if (bias_type >= 0) add_bias_lanes(bias, bias_type, bias_sum);
        bias = hn::Zero(DF());
        bias_type = type[0];
      }
      bias = hn::Add(bias, grad);
      return;
    }
    for (int64_t e = 0; e < count; ++e)
      for (int64_t h = 0; h < heads; ++h) bias_sum[type[e] * heads + h] += lanes[e * heads + h];
  }

  void add_bias_lanes(VF bias, int type, float* bias_sum) const {
    HWY_ALIGN float lanes[N];
    hn::Store(bias, DF(), lanes);
    for (int64_t i = 0; i < N; ++i) bias_sum[type * o_.key.heads + i % o_.key.heads] += lanes[i];
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

  template <class P>
  void run_sources() {
    const WorkPlan plan(by_source_);
    std::vector<float> pieces(plan.pieces * per_row_);
    plan.run(by_source_, [&](int64_t, int64_t j, int64_t begin, int64_t end, int64_t piece) {
      RowBuffers& b = buffers_of_thread(o_);
      std::fill_n(b.out.data(), o_.key.row(), 0.f);
      std::fill_n(b.value_out.data(), o_.value.row(), 0.f);
      if (begin < end) source_row<P>(j, begin, end, b);
      if (piece < 0) return write_source(j, b.out.data(), b.value_out.data());
      std::copy_n(b.out.data(), o_.key.row(), pieces.data() + piece * per_row_);
      std::copy_n(b.value_out.data(), o_.value.row(), pieces.data() + piece * per_row_ + o_.key.row());
    });
    plan.join([&](int64_t j, int64_t first, int64_t last) {
      float* sum = pieces.data() + first * per_row_;
      for (int64_t p = first + 1; p < last; ++p)
        for (int64_t c = 0; c < per_row_; ++c) sum[c] += pieces[p * per_row_ + c];
      write_source(j, sum, sum + o_.key.row());
    });
  }

  template <class P>
  void source_row(int64_t j, int64_t begin, int64_t end, RowBuffers& b) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), row = P::row(o_.key), edges = P::edges(o_.key);
    o_.typed_weights(o_.key_rows[j], b.weights.data());
    o_.plain_weights(o_.value_rows[j], b.value_weights.data());
    const auto flush = [&](int type) HWY_ATTR {
      const float* scale = o_.type_scale.data() + type * o_.key.padded_row();
      for (int64_t c = 0; c < row; ++c) b.out[c] += b.sum[c] * scale[c];
    };
    TypedSum<P, decltype(flush)> key_sum{o_.key, zero_sum<P>(o_.key, b.any), b.sum.data(), -1, flush};
    typename P::Sum value_sum = zero_sum<P>(o_.value, b.value_any);
    const Cursor cursor(by_source_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    ChunkRows<T> query_before{}, grad_before{};
    ChunkTypes types_before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const ChunkTypes types(at.type, edges);
      const ChunkRows<T> queries{query_, at.index, at.ahead, b.staged[chunk & 1]}, grads{grad_, at.index, at.ahead, b.staged[2 + (chunk & 1)]};
      P::stage(o_.key, queries);
      P::stage(o_.value, grads);
      gather_stats(at, b);
      const VF dots = P::dots(o_.key, queries, {b.weights.data(), o_.key.padded_row(), types});
      const VF value_dots = P::dots(o_.value, grads, {b.value_weights.data()});
      if (chunk > 0) {
        key_sum.add(query_before, types_before, b.first[(chunk - 1) & 1], edges);
        P::template add<false>(o_.value, grad_before, b.second[(chunk - 1) & 1], 0, edges, value_sum);
      }
      const Chunk c = differentiate<P>(dots, value_dots, types, hn::Load(d, b.log_sum), hn::Load(d, b.delta),
                                    first_edges(cursor.count(chunk), heads));
      hn::Store(c.logit_grad, d, b.first[chunk & 1]);
      hn::Store(c.probability, d, b.second[chunk & 1]);
      query_before = queries;
      grad_before = grads;
      types_before = types;
    }
    const int64_t last = cursor.count(chunks - 1);
    key_sum.add(query_before, types_before, b.first[(chunks - 1) & 1], last);
    P::template add<false>(o_.value, grad_before, b.second[(chunks - 1) & 1], 0, last, value_sum);
    key_sum.change(-1);
    P::store_sum(o_.value, value_sum, b.value_out.data());
  }

  /// log_sum and delta of the chunk's destinations, edge by edge, head by head.
  HWY_INLINE void gather_stats(const Cursor::At& at, RowBuffers& b) const {
    const auto copy = [&](auto fixed) HWY_ATTR {
      constexpr size_t H = decltype(fixed)::value;
      if constexpr (H <= N)
        for (size_t e = 0; e < N / H; ++e) {
          const float* stats = stats_[at.index[e]];
          hwy::Prefetch(stats_[at.ahead[e]]);
          std::memcpy(b.log_sum + e * H, stats, H * sizeof(float));
          std::memcpy(b.delta + e * H, stats + H, H * sizeof(float));
        }
    };
    switch (o_.key.heads) {
      case 1: return copy(std::integral_constant<size_t, 1>());
      case 2: return copy(std::integral_constant<size_t, 2>());
      case 4: return copy(std::integral_constant<size_t, 4>());
      case 8: return copy(std::integral_constant<size_t, 8>());
      default: return copy(std::integral_constant<size_t, 16>());
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
  const int64_t per_row_;
  Rows<T> query_{}, grad_{};
  Rows<float> stats_{};
};

template <class P, class T>
void score_row(const Operands<T>& o, const TypedEdges& edges, int64_t i, int64_t begin, int64_t end,
               const float* log_sum, float* to) {
  const DF d;
  RowBuffers& b = buffers_of_thread(o);
  const int64_t heads = o.key.heads;
  o.typed_weights(o.query_rows[i], b.weights.data());
  for (int64_t l = 0; l < N; ++l) b.log_sum[l] = l % heads < o.a.heads ? log_sum[i * o.a.heads + l % heads] : 0;
  const VF shift = hn::Load(d, b.log_sum), high = hn::Set(d, o.a.clamp), low = hn::Set(d, -o.a.clamp);
  const Cursor cursor(edges, begin, end, o.key.chunk(), b);
  for (int64_t chunk = 0; chunk < cursor.chunks(); ++chunk) {
    const auto at = cursor.at(chunk);
    const ChunkTypes types(at.type, o.key.chunk());
    const ChunkRows<T> keys{o.key_rows, at.index, at.ahead, b.staged[0]};
    P::stage(o.key, keys);
    const VF dots = P::dots(o.key, keys, {b.weights.data(), o.key.padded_row(), types});
    hn::Store(exp_bounded(hn::Sub(hn::Max(hn::Min(add_bias<P>(o, dots, types), high), low), shift)), d, b.first[0]);
    for (int64_t e = 0; e < cursor.count(chunk); ++e)
      std::copy_n(b.first[0] + e * heads, o.a.heads, to + (begin + chunk * cursor.step + e) * o.a.heads);
  }
}

template <class T>
void scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum, float* to,
            const Scratch& scratch) {
  const Operands<T> o(a, scratch);
  WorkPlan(edges).run(edges, [&](int64_t, int64_t i, int64_t begin, int64_t end, int64_t) {
    if (begin < end) score_row<Any>(o, edges, i, begin, end, log_sum, to);
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
