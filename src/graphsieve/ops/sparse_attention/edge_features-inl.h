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
HWY_INLINE void fold_table(const Operands<T>& o, const float* table, const Take& take) {
  HWY_ALIGN float lanes[N];
  for (int64_t f = 0; f < o.a.edge.columns; ++f) {
    hn::Store(P::fold_sum(o.key, load(table + f * N)), DF(), lanes);
    for (int64_t h = 0; h < o.row_heads; ++h) take(h, f, lanes[h]);
  }
}

/// Multiplies the vectors of a table by a factor.
template <class T>
HWY_INLINE void scale_table(const Operands<T>& o, VF factor, float* table) {
  for (int64_t f = 0; f < o.a.edge.columns; ++f) store(hn::Mul(load(table + f * N), factor), table + f * N);
}

/// The features of the edges [begin, end) of a row, chunk by chunk.
template <class T>
class EdgeColumns {
 public:
  EdgeColumns(const Operands<T>& o, const TypedEdges& edges, int64_t begin, RowBuffers& b)
      : o_(o),
        row_of_(edges.feature_row),
        begin_(begin),
        last_(edges.row_start[edges.rows] - 1),
        per_chunk_(N / o.key.heads),
        turned_(b.turned.data()),
        columns_(o.key.heads == 1 ? turned_ : b.edge_columns.data()) {}

  /// Brings the features of a chunk into the form of columns. Chunks are taken in order. The rows of as many edges as
  /// there are lanes, which are `heads` chunks, are turned at once.
  HWY_INLINE void take(int64_t chunk) const {
    const int64_t heads = o_.key.heads, part = chunk % heads;
    if (part == 0) turn(begin_ + chunk * per_chunk_);
    if (heads == 1) return;
    const hn::RebindToSigned<DF> di;
    const auto edge = hn::Add(hn::ShiftRightSame(hn::Iota(di, 0), std::countr_zero(static_cast<uint64_t>(heads))),
                              hn::Set(di, static_cast<int32_t>(part * per_chunk_)));
    const auto lanes = hn::IndicesFromVec(DF(), edge);
    for (int64_t f = 0; f < o_.a.edge.columns; ++f)
      store(hn::TableLookupLanes(load(turned_ + f * N), lanes), columns_ + f * N);
  }

  /// Returns `to` plus the dot products of the chunk's features with a table.
  HWY_INLINE VF add_dots(VF to, const float* table) const {
    VF other = hn::Zero(DF());
    const int64_t columns = o_.a.edge.columns;
    int64_t f = 0;
    for (; f + 2 <= columns; f += 2) {
      to = hn::MulAdd(load(columns_ + f * N), load(table + f * N), to);
      other = hn::MulAdd(load(columns_ + (f + 1) * N), load(table + (f + 1) * N), other);
    }
    if (f < columns) to = hn::MulAdd(load(columns_ + f * N), load(table + f * N), to);
    return hn::Add(to, other);
  }

  /// Adds the chunk's features times a coefficient per edge and head to the vectors of a table.
  HWY_INLINE void add_to(float* table, VF coefficient) const {
    for (int64_t f = 0; f < o_.a.edge.columns; ++f)
      store(hn::MulAdd(load(columns_ + f * N), coefficient, load(table + f * N)), table + f * N);
  }

 private:
  /// Turns the rows of N edges from `first` on into columns. After the last edge of the graph, it is repeated.
  HWY_INLINE void turn(int64_t first) const {
    const EdgeFeatures<T>& x = o_.a.edge;
    const T* rows[N];
    for (int64_t i = 0; i < N; ++i) {
      const int32_t row = row_of_[std::min(first + i, last_)], ahead = row_of_[std::min(first + N + i, last_)];
      rows[i] = row < 0 ? o_.no_features.data() : x.rows + row * x.stride;
      if (ahead >= 0) hwy::Prefetch(x.rows + ahead * x.stride);
    }
    for (int64_t f = 0; f < x.columns; f += 4) {
      VF to[4];
      columns_of_four([&](int e) HWY_ATTR { return rows[e] + f; }, to);
      GRAPHSIEVE_UNROLL for (int i = 0; i < 4; ++i) store(to[i], turned_ + (f + i) * N);
    }
  }

  const Operands<T>& o_;
  const int32_t* row_of_;
  const int64_t begin_, last_, per_chunk_;
  float *turned_, *columns_;
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
