// SPDX-License-Identifier: Apache-2.0
// What the passes over a graph's edges share: the rows of a call in the layout of the vectors, the buffers of a thread,
// the walk over the edges of a row a chunk at a time, and the logits. Included once per vector target.
#if defined(GRAPHSIEVE_OPS_SPARSE_ATTENTION_OPERANDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_SPARSE_ATTENTION_OPERANDS_INL_H_
#undef GRAPHSIEVE_OPS_SPARSE_ATTENTION_OPERANDS_INL_H_
#else
#define GRAPHSIEVE_OPS_SPARSE_ATTENTION_OPERANDS_INL_H_
#endif

#include <algorithm>
#include <type_traits>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/row_policies/with_policy-inl.h"
#include "graphsieve/ops/common/work_plan.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

constexpr int64_t kFetchAhead = 12;   ///< edges by which rows are prefetched ahead; measured flat from 8 to 16
constexpr int64_t kIndexAhead = 128;  ///< distance for index and type: rows thrash the hardware's own prefetcher

/// Copies rows of heads x width into the padded form of the layout.
template <class T>
void pad_rows(const T* from, int64_t stride, int64_t rows, int64_t heads, int64_t width, const HeadLayout& layout,
              T* to, int64_t to_stride) {
  parallel_blocks(rows, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* row = to + r * to_stride;
      std::fill(row, row + layout.row(), T{});
      for (int64_t h = 0; h < heads; ++h) std::copy_n(from + r * stride + h * width, width, row + h * layout.width);
    }
  });
}

/// Rows of results, heads x width each, which are written from sums in the layout's form.
template <class T>
struct ResultRows {
  const HeadLayout layout;
  const int64_t heads, width;
  T* const base;
  const int64_t stride;
  const bool fits;

  ResultRows(const HeadLayout& l, int64_t given_heads, int64_t given_width, T* to, int64_t to_stride)
      : layout(l),
        heads(given_heads),
        width(given_width),
        base(to),
        stride(to_stride),
        fits(l.heads == given_heads && l.width == given_width) {}

  /// Writes row r. `saved` is a sum as policy P saves it; `spare` has room for a row of the layout.
  template <class P>
  HWY_INLINE void write(int64_t r, const float* saved, float* spare) const {
    T* to = base + r * stride;
    if (HWY_LIKELY(fits)) return P::to_row(layout, saved, to);
    P::to_row(layout, saved, spare);
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t c = 0; c < width; ++c) store_as(to + h * width + c, spare[h * layout.width + c]);
  }
};

/// The rows of a call in the layout of this target. They are copied only if heads or widths do not fit the vectors.
///
/// The passes go over the rows of destinations: one row has a query, a softmax and an output row. In the usual form a
/// destination has one row, whose heads are side by side. In the absorbed form a destination has one row per head
/// (`groups` rows), and every row has one head, which takes the whole row of a source.
template <class T>
struct Operands {
  const SparseAttentionArgs<T>& a;
  const int groups;     ///< rows per destination
  const int row_heads;  ///< heads of a row
  HeadLayout key, value;
  const bool bounded;   ///< exponentials relative to the clamp stay in range: no running maximum is needed
  const bool weighted;  ///< edges have weights
  const bool bent;      ///< negative logits are multiplied by a slope
  const bool featured;  ///< edges have features
  const bool dropped;   ///< values of the softmax are dropped
  Rows<T> query_rows, key_rows, value_rows;
  /// [types, key.padded_row()], ones in the absorbed form; [groups, types, N], repeated to fill a vector.
  std::vector<float> type_scale, type_bias;
  uint8_t edge_of_lane[16] = {};  ///< number of the edge in each lane of a chunk's results
  std::vector<T> no_features;     ///< a row of zeros, the features of edges that have none

  Operands(const SparseAttentionArgs<T>& args, const TypedEdges& edges, const Scratch& scratch)
      : a(args),
        groups(a.absorbed() ? a.heads : 1),
        row_heads(a.absorbed() ? 1 : a.heads),
        key(row_heads, a.key_width),
        value(row_heads, a.value_width),
        bounded(a.clamp <= 40 && !edges.log_weight),
        weighted(edges.log_weight),
        bent(a.negative_slope != 1),
        featured(a.edge.columns > 0),
        dropped(a.dropout.threshold > 0),
        no_features(a.edge.stride) {
    a.absorbed() ? set_absorbed_rows(scratch) : set_rows(scratch);
    type_scale.assign(a.types * key.padded_row(), a.absorbed() ? 1.f : 0.f);
    type_bias.resize(groups * a.types * N);
    for (int64_t l = 0; l < N; ++l) edge_of_lane[l] = static_cast<uint8_t>(l / key.heads);
    for (int t = 0; t < a.types; ++t)
      for (int h = 0; h < a.heads; ++h) {
        const int group = a.absorbed() ? h : 0;
        for (int64_t i = a.absorbed() ? 0 : h; i < N; i += key.heads)
          type_bias[(group * a.types + t) * N + i] = a.type_bias[t * a.heads + h];
        if (a.type_scale)
          std::copy_n(a.type_scale + (t * a.heads + h) * a.key_width, a.key_width, scale_of(t) + h * key.width);
      }
  }

  const float* scale_of(int type) const { return type_scale.data() + type * key.padded_row(); }
  /// Returns the biases of a row's group: [types, N].
  const float* bias_of(int64_t row) const { return type_bias.data() + row % groups * a.types * N; }
  /// Returns the number of query rows that a row of a destination has.
  int64_t queries() const { return std::max(1, a.queries); }
  /// Returns the number of floats of a table of edge features (edge_features-inl.h).
  int64_t table() const { return a.edge.columns * N; }

  /// Puts the scales of the types into the order of policy P. Called once, before the functions below.
  template <class P>
  void take_order_of() {
    if constexpr (!P::kPairs) return;
    const std::vector<float> columns = type_scale;
    for (int t = 0; t < a.types; ++t)
      for (int64_t c = 0; c < key.row(); ++c) scale_of(t)[P::position(c)] = columns[t * key.padded_row() + c];
  }

  /// Returns the weights of the dot products of a destination's row with its sources, [types, key.padded_row()], in the
  /// order of policy P. They are made in `spare`, unless they are in memory already.
  template <class P>
  HWY_INLINE const float* query_weights(int64_t row, float* spare) const {
    const T* query = query_rows[row];
    if (!a.absorbed()) {
      typed_weights<P>(query, spare);
      return spare;
    }
    if constexpr (std::is_same_v<T, float>)
      if (HWY_LIKELY(a.queries == a.types && key.row() == key.padded_row())) return query;
    for (int t = 0; t < a.types; ++t)
      to_weights<P>(key, query + a.query_of(t) * key.row(), spare + t * key.padded_row());
    return spare;
  }

  /// Writes row * scale for every type: the weights of a row's dot products.
  template <class P>
  HWY_INLINE void typed_weights(const T* row, float* to) const {
    const int64_t stride = key.padded_row();
    for (int64_t c = 0; c < stride; c += N) {
      VF x;
      if (key.row() >= N) {
        x = P::vector_of(row, c / N);
      } else {
        HWY_ALIGN float lanes[N] = {};
        for (int64_t i = 0; i < key.row(); ++i) lanes[i] = to_float(row[i]);
        x = hn::Load(DF(), lanes);
      }
      for (int64_t t = 0; t < a.types; ++t)
        hn::StoreU(hn::Mul(x, load(type_scale.data() + t * stride + c)), DF(), to + t * stride + c);
    }
  }

  /// Returns a row of values as weights of dot products: the row itself, or its numbers as float in `spare`.
  template <class P>
  HWY_INLINE const float* plain_weights(const T* row, float* spare) const {
    if constexpr (std::is_same_v<T, float>) {
      return row;
    } else {
      to_weights<P>(value, row, spare);
      return spare;
    }
  }

 private:
  /// Writes the numbers of a row as float, in the order of policy P.
  template <class P>
  static HWY_INLINE void to_weights(const HeadLayout& layout, const T* row, float* to) {
    if constexpr (P::kPairs)
      for (int64_t v = 0; v < layout.row() / N; ++v) store(P::vector_of(row, v), to + v * N);
    else
      for (int64_t c = 0; c < layout.row(); ++c) to[c] = to_float(row[c]);
  }

  float* scale_of(int type) { return type_scale.data() + type * key.padded_row(); }

  void set_rows(const Scratch& scratch) {
    const int64_t keys = a.heads * a.key_width, row = key.row() + value.row();
    query_rows = {a.query, a.query_stride};
    key_rows = {a.key_value, a.key_value_stride};
    value_rows = {a.key_value + keys, a.key_value_stride};
    const bool keys_fit = key.heads == a.heads && key.width == a.key_width;
    const bool values_fit = value.heads == a.heads && value.width == a.value_width;
    // If one of keys and values does not fit the vectors, both are copied, so that they stay next to each other.
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
  }

  void set_absorbed_rows(const Scratch& scratch) {
    key_rows = {a.key_value, a.key_value_stride};
    query_rows = {a.query, queries() * key.row()};
    if (key.width != a.key_width) {
      T* packed = static_cast<T*>(scratch(a.sources * key.row() * sizeof(T)));
      pad_rows(key_rows.base, key_rows.stride, a.sources, 1, a.key_width, key, packed, key.row());
      key_rows = {packed, key.row()};
      const int64_t rows = a.destinations * groups * queries();
      packed = static_cast<T*>(scratch(rows * key.row() * sizeof(T)));
      pad_rows(a.query, a.key_width, rows, 1, a.key_width, key, packed, key.row());
      query_rows.base = packed;
    }
    value_rows = key_rows;
  }
};

/// The buffers of one thread for a row. Those with two or more entries alternate between one chunk and the next.
struct RowBuffers {
  HWY_ALIGN float first[2][2 * N], second[2][2 * N];  ///< coefficients of this chunk and the one before
  HWY_ALIGN float columns[4][8 * N];                  ///< columns of the policy Lanes: two kinds of rows, two chunks
  int32_t index[2][N];                                ///< copies for this chunk and the one before, near the end
  uint8_t type[2][16];
  float log_weight[2][N];
  std::vector<float> weights, value_weights, key_sum, value_sum, spare, any, value_any;
  std::vector<float> turned, edge_columns;  ///< columns of edge features: one edge per lane; one per `heads` lanes
  std::vector<float> edge_query, edge_grad, edge_sum;  ///< tables of edge features

  template <class P, class T>
  void reserve(const Operands<T>& o) {
    const int64_t key = o.key.padded_row(), value = o.value.padded_row();
    const auto grow = [](std::vector<float>& v, int64_t size) {
      if (static_cast<int64_t>(v.size()) < size) v.resize(size);
    };
    grow(weights, o.a.types * key);
    grow(value_weights, value);
    grow(key_sum, o.queries() * P::size(o.key) + o.table());
    grow(value_sum, P::size(o.value));
    grow(spare, std::max(key, value));
    grow(any, std::max(key, value));
    grow(value_any, std::max(key, value));
    for (auto* columns : {&turned, &edge_columns}) grow(*columns, (o.a.edge.columns + 3) / 4 * 4 * N);
    for (auto* table : {&edge_query, &edge_grad, &edge_sum}) grow(*table, (o.a.edge.columns + 3) / 4 * 4 * N);
  }
};

/// Returns the calling thread's buffers, large enough for policy P. They are kept from call to call.
template <class P, class T>
RowBuffers& buffers_of_thread(const Operands<T>& o) {
  static thread_local RowBuffers buffers;
  buffers.reserve<P>(o);
  return buffers;
}

/// Calls visit(policy) with the policy for the rows of a call. In the absorbed form, chunks may need the rows of
/// several edge types in place of one another, so that only policies fit that read the rows where they are.
template <class T, class Visit>
auto with_row_policy(const Operands<T>& o, const Visit& visit) {
  return o.a.absorbed() ? with_wide_policy<T>(o.key, visit) : with_policy<T>(o.key, o.value, visit);
}

/// Returns a sum of zero. The sum of the policy Any is stored in `memory`.
template <class P>
HWY_INLINE typename P::Sum zero_sum(const HeadLayout& layout, std::vector<float>& memory) {
  typename P::Sum sum;
  if constexpr (std::is_same_v<P, Any>) sum.memory = memory.data();
  static_cast<void>(memory);
  P::clear(layout, sum);
  return sum;
}

HWY_INLINE void fill_zero(float* to, int64_t size) {
  for (int64_t c = 0; c < size; ++c) to[c] = 0;
}

/// Walks the chunks of a row, `step` edges each. The last chunk may include edges of the next rows, whose results are
/// masked. Near the end of the graph, where such reads would leave the arrays, it works on a copy that repeats the last
/// edge.
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
    const float* log_weight;  ///< null: edges have no weights
  };
  HWY_INLINE At at(int64_t chunk) const {
    const int64_t e = begin + chunk * step;
    hwy::Prefetch(edges.index + e + kIndexAhead);
    hwy::Prefetch(edges.type + e + kIndexAhead);
    if (HWY_LIKELY(e + kFetchAhead + 16 <= total))
      return {edges.index + e, edges.index + e + kFetchAhead, edges.type + e,
              edges.log_weight ? edges.log_weight + e : nullptr};
    int32_t* index = buffers.index[chunk & 1];
    uint8_t* type = buffers.type[chunk & 1];
    for (int64_t i = 0; i < step; ++i) {
      index[i] = edges.index[std::min(e + i, total - 1)];
      type[i] = edges.type[std::min(e + i, total - 1)];
    }
    if (!edges.log_weight) return {index, index, type, nullptr};
    float* log_weight = buffers.log_weight[chunk & 1];
    for (int64_t i = 0; i < step; ++i) log_weight[i] = edges.log_weight[std::min(e + i, total - 1)];
    return {index, index, type, log_weight};
  }
};

/// Returns the types of a chunk's edges, one per lane of its results.
template <class T>
HWY_INLINE auto lane_types(const Operands<T>& o, const uint8_t* type) {
  const auto table = hn::LoadU(hn::Full128<uint8_t>(), type);
  const auto edge = hn::LoadU(hn::Rebind<uint8_t, DF>(), o.edge_of_lane);
  return hn::PromoteTo(hn::RebindToSigned<DF>(), hn::TableLookupBytes(table, edge));
}

/// Returns the dot products plus the bias of each edge's type; `bias` is [types, N].
template <class T>
HWY_INLINE VF add_bias(const Operands<T>& o, VF dots, const float* bias, const ChunkTypes& types) {
  if (HWY_LIKELY(types.same)) return hn::Add(dots, load(bias + types.type[0] * N));
  const hn::RebindToSigned<DF> di;
  const auto row = hn::Mul(lane_types(o, types.type), hn::Set(di, static_cast<int32_t>(N)));
  return hn::Add(dots, hn::GatherIndex(DF(), bias, hn::Add(row, hn::Iota(di, 0))));
}

/// Returns x, with negative numbers multiplied by the call's slope.
template <class T>
HWY_INLINE VF times_slope(const Operands<T>& o, VF x, hn::Mask<DF> negative) {
  return hn::IfThenElse(negative, hn::Mul(x, hn::Set(DF(), o.a.negative_slope)), x);
}

/// Returns the logits of a chunk before the clamp.
template <class T>
HWY_INLINE VF raw_logits(const Operands<T>& o, VF dots, const float* bias, const ChunkTypes& types) {
  const VF logit = add_bias(o, dots, bias, types);
  if (HWY_LIKELY(!o.bent)) return logit;
  return times_slope(o, logit, hn::Lt(logit, hn::Zero(DF())));
}

/// Returns the logits that the softmax of a chunk takes: clamped, plus the logarithm of each edge's weight.
template <class T>
HWY_INLINE VF weighted_logits(const Operands<T>& o, VF raw, const float* log_weight) {
  const DF d;
  const VF logit = hn::Max(hn::Min(raw, hn::Set(d, o.a.clamp)), hn::Set(d, -o.a.clamp));
  if (HWY_LIKELY(!o.weighted)) return logit;
  if (o.key.heads == 1) return hn::Add(logit, hn::LoadU(d, log_weight));
  const hn::RebindToSigned<DF> di;
  const auto edge = hn::PromoteTo(di, hn::LoadU(hn::Rebind<uint8_t, DF>(), o.edge_of_lane));
  return hn::Add(logit, hn::GatherIndex(d, log_weight, edge));
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
