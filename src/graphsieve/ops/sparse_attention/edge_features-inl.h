// SPDX-License-Identifier: Apache-2.0
// The features of edges in the passes over a graph's edges, a chunk at a time. Features enter a logit as u · x, where u
// is the edge query of the destination and head, and x the features of the edge.
//
// A vector of logits has one lane per edge and head: lane e · heads + h. The features of a chunk are brought into this
// form as columns: in column f, the lanes of edge e have number f of that edge. Numbers per destination and head are
// brought into it as tables: in vector f of a table, the lanes of head h have number f of that head. A dot product is
// then a sum over f of column times table, without sums across lanes. Included once per vector target.
#if defined(GRAPHSIEVE_OPS_SPARSE_ATTENTION_EDGE_FEATURES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_SPARSE_ATTENTION_EDGE_FEATURES_INL_H_
#undef GRAPHSIEVE_OPS_SPARSE_ATTENTION_EDGE_FEATURES_INL_H_
#else
#define GRAPHSIEVE_OPS_SPARSE_ATTENTION_EDGE_FEATURES_INL_H_
#endif

#include <algorithm>

#include "graphsieve/ops/sparse_attention/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// Writes the table of the numbers number(h, f), for heads from 0 to o.row_heads − 1. The heads that the layout adds
/// have zeros.
template <class T, class Number>
HWY_INLINE void fill_table(const Operands<T>& o, const Number& number, float* to) {
  const int64_t heads = o.key.heads;
  for (int64_t f = 0; f < o.a.edge.columns; ++f, to += N) {
    for (int64_t h = 0; h < heads; ++h) to[h] = h < o.row_heads ? number(h, f) : 0.f;
    for (int64_t l = heads; l < N; ++l) to[l] = to[l - heads];
  }
}

/// Calls take(h, f, sum) with the sums of a table over the lanes of each head.
template <class P, class T, class Take>
HWY_NOINLINE void fold_table(const Operands<T>& o, const float* table, const Take& take) {
  HWY_ALIGN float lanes[N];
  for (int64_t f = 0; f < o.a.edge.columns; ++f) {
    hn::Store(P::fold_sum(o.key, load(table + f * N)), DF(), lanes);
    for (int64_t h = 0; h < o.row_heads; ++h) take(h, f, lanes[h]);
  }
}

/// Multiplies the vectors of a table by a factor.
template <class T>
HWY_INLINE void scale_table(const Operands<T>& o, VF factor, float* table) {
  for (int64_t c = 0, floats = o.table(); c < floats; c += N) store(hn::Mul(load(table + c), factor), table + c);
}

/// The features of the edges [begin, end) of a row, chunk by chunk.
template <class T>
class EdgeColumns {
 public:
  EdgeColumns(const Operands<T>& o, const TypedEdges& edges, int64_t begin, RowBuffers& b)
      : rows_(o.a.edge.rows),
        none_(o.no_features.data()),
        stride_(o.a.edge.stride),
        features_(o.a.edge.columns),
        heads_(o.key.heads),
        per_chunk_(N / o.key.heads),
        row_of_(edges.feature_row),
        begin_(begin),
        last_(edges.row_start[edges.rows] - 1),
        turned_(b.turned.data()),
        columns_(o.key.heads == 1 ? turned_ : b.edge_columns.data()) {}

  /// Brings the features of a chunk into the form of columns, and calls use(f, column f) for each column. Chunks are
  /// taken in order. The rows of as many edges as there are lanes, which are `heads` chunks, are turned at once.
  template <class Use>
  HWY_INLINE void take(int64_t chunk, const Use& use) const {
    const int64_t heads = heads_, part = chunk % heads, features = features_;
    const float* turned = turned_;
    if (part == 0) turn(begin_ + chunk * per_chunk_);
    if (heads == 1) {
      for (int64_t f = 0; f < features; ++f) use(f, load(turned + f * N));
      return;
    }
    const hn::RebindToSigned<DF> di;
    const auto edge = hn::Add(hn::ShiftRightSame(hn::Iota(di, 0), std::countr_zero(static_cast<uint64_t>(heads))),
                              hn::Set(di, static_cast<int32_t>(part * per_chunk_)));
    const auto lanes = hn::IndicesFromVec(DF(), edge);
    float* columns = columns_;
    for (int64_t f = 0; f < features; ++f) {
      const VF column = hn::TableLookupLanes(load(turned + f * N), lanes);
      store(column, columns + f * N);
      use(f, column);
    }
  }

  /// Adds the features of the chunk that was taken last, times a coefficient per edge and head, to the vectors of a
  /// table.
  HWY_INLINE void add_to(float* table, VF coefficient) const {
    const float* columns = columns_;
    for (int64_t c = 0, floats = features_ * N; c < floats; c += N)
      store(hn::MulAdd(load(columns + c), coefficient, load(table + c)), table + c);
  }

 private:
  /// Turns the rows of N edges from `first` on into columns. After the last edge of the graph, it is repeated.
  HWY_INLINE void turn(int64_t first) const {
    const T *all = rows_, *none = none_, *rows[N];
    const int64_t stride = stride_, features = features_;
    const auto row = [&](int32_t number) { return number < 0 ? none : all + number * stride; };
    if (HWY_LIKELY(first + 2 * N <= last_)) {
      const int32_t* row_of = row_of_ + first;
      for (int64_t i = 0; i < N; ++i) {
        rows[i] = row(row_of[i]);
        hwy::Prefetch(row(row_of[N + i]));
      }
    } else {
      for (int64_t i = 0; i < N; ++i) rows[i] = row(row_of_[std::min(first + i, last_)]);
    }
    float* turned = turned_;
    for (int64_t f = 0; f < features; f += 4) {
      VF to[4];
      columns_of_four([&](int e) HWY_ATTR { return rows[e] + f; }, to);
      GRAPHSIEVE_UNROLL for (int i = 0; i < 4; ++i) store(to[i], turned + (f + i) * N);
    }
  }

  const T *const rows_, *const none_;
  const int64_t stride_, features_, heads_, per_chunk_;
  const int32_t* const row_of_;
  const int64_t begin_, last_;
  float *const turned_, *const columns_;
};

/// Writes the table of the edge query of row r of the destinations, RowBuffers::edge_query.
template <class T>
HWY_NOINLINE void take_edge_query(const Operands<T>& o, int64_t r, RowBuffers& b) {
  const T* query = o.a.edge.query + r * o.a.edge.query_stride;
  const int64_t columns = o.a.edge.columns;
  fill_table(o, [&](int64_t h, int64_t f) { return to_float(query[h * columns + f]); }, b.edge_query.data());
}

/// Takes a chunk of the row whose edges begin at `begin`, and returns the dot products of its features with the table
/// RowBuffers::edge_query.
template <class T>
HWY_INLINE VF edge_query_dots(const Operands<T>& o, const TypedEdges& edges, int64_t begin, int64_t chunk,
                              RowBuffers& b) {
  VF dots = hn::Zero(DF());
  const float* query = b.edge_query.data();
  EdgeColumns<T>(o, edges, begin, b).take(chunk, [&](int64_t f, VF x) HWY_ATTR {
    dots = hn::MulAdd(x, load(query + f * N), dots);
  });
  return dots;
}

/// Adds the features of the chunk that was taken last, times a coefficient per edge and head, to a table.
template <class T>
HWY_INLINE void add_features(const Operands<T>& o, const TypedEdges& edges, int64_t begin, RowBuffers& b,
                             VF coefficient, float* table) {
  EdgeColumns<T>(o, edges, begin, b).add_to(table, coefficient);
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
