// SPDX-License-Identifier: Apache-2.0
// The pass by destination, which computes the output. The edges of a row are taken a chunk at a time (one vector of
// logits): dot products, softmax and weighted sum of rows. The weighted sum is one chunk behind, so that it overlaps
// with the next chunk's dot products. Included once per vector target.
#if defined(GRAPHSIEVE_OPS_SPARSE_ATTENTION_FORWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_SPARSE_ATTENTION_FORWARD_INL_H_
#undef GRAPHSIEVE_OPS_SPARSE_ATTENTION_FORWARD_INL_H_
#else
#define GRAPHSIEVE_OPS_SPARSE_ATTENTION_FORWARD_INL_H_
#endif

#include <cmath>
#include <limits>

#include "graphsieve/ops/sparse_attention/attention_dropout-inl.h"
#include "graphsieve/ops/sparse_attention/edge_features-inl.h"
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// The softmax of a piece of a long row: per head, the logit that the exponentials are relative to, and their sum.
struct PieceState {
  float top[16];
  float sum[16];
};

/// The forward pass of one call. `kMore`: edges may have features, and values of the softmax may be dropped. The pass
/// of other calls is compiled without the code for them, which would take registers from it.
template <class T, bool kMore>
class Forward {
 public:
  Forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum, const Scratch& scratch)
      : o_(a, edges, scratch),
        edges_(edges),
        out_(o_.value, o_.row_heads, a.value_width, out, a.out_row() / o_.groups),
        log_sum_(log_sum) {}

  void run() {
    with_row_policy(o_, [&](auto policy) {
      o_.template take_order_of<decltype(policy)>();
      run_rows<decltype(policy)>();
    });
  }

 private:
  bool featured() const { return kMore && o_.featured; }
  bool dropped() const { return kMore && o_.dropped; }

  template <class P>
  void run_rows() {
    // Whole rows are finished at once. The pieces of a long row save their softmax and their sum, and are joined in
    // order after all items are done. The rows of one destination follow each other, so that the later ones find the
    // rows of the sources in the cache.
    const WorkPlan plan(edges_.row_start, edges_.rows);
    const int64_t groups = o_.groups, size = P::size(o_.value) + o_.table();
    std::vector<PieceState> states(plan.pieces * groups);
    std::vector<float> sums(plan.pieces * groups * size);
    plan.run([&](int64_t, const WorkItem& item) {
      RowBuffers& b = buffers_of_thread<P>(o_);
      for (int64_t i = item.row_begin; i < item.row_end; ++i)
        for (int64_t r = i * groups; r < (i + 1) * groups; ++r) {
          RowSoftmax<P> row(o_, b);
          if (item.piece >= 0) {
            const int64_t piece = item.piece * groups + r % groups;
            take(r, item.edge_begin, item.edge_end, row, b);
            row.save(o_, states[piece], sums.data() + piece * size, b);
          } else if (edges_.row_start[i] == edges_.row_start[i + 1]) {
            write_empty<P>(r, b);
          } else {
            take(r, edges_.row_start[i], edges_.row_start[i + 1], row, b);
            finish(r, row, b);
          }
        }
    });
    plan.join([&](int64_t i, int64_t first, int64_t last) {
      RowBuffers& b = buffers_of_thread<P>(o_);
      for (int64_t g = 0; g < groups; ++g) {
        RowSoftmax<P> row(o_, b);
        row.restore(o_, states[first * groups + g], sums.data() + (first * groups + g) * size, b);
        for (int64_t p = first + 1; p < last; ++p)
          row.join(o_, states[p * groups + g], sums.data() + (p * groups + g) * size, b);
        finish(i * groups + g, row, b);
      }
    });
  }

  /// The softmax of a row so far. In `shift`, every lane of a head has the logit that the exponentials are relative to;
  /// `total` is their sum, lane by lane. The weighted sum of the edges' features is the table RowBuffers::edge_sum.
  template <class P>
  struct RowSoftmax {
    VF shift, total;
    typename P::Sum sum;

    HWY_INLINE RowSoftmax(const Operands<T>& o, RowBuffers& b)
        : shift(hn::Set(DF(), o.bounded ? o.a.clamp : -std::numeric_limits<float>::infinity())),
          total(hn::Zero(DF())),
          sum(zero_sum<P>(o.value, b.value_any)) {
      if (kMore && o.featured) fill_zero(b.edge_sum.data(), o.table());
    }

    /// Makes the exponentials relative to `to`, in the lanes in which that is larger. What has been summed before is
    /// multiplied by the exponential of the difference.
    HWY_INLINE void raise(const Operands<T>& o, VF to, RowBuffers& b) {
      const VF above = hn::Max(shift, to);
      const VF factor = exp_bounded(hn::Sub(shift, above));
      hn::Store(factor, DF(), b.second[0]);
      P::scale(o.value, b.second[0], sum);
      total = hn::Mul(total, factor);
      if (kMore && o.featured) scale_table(o, factor, b.edge_sum.data());
      shift = above;
    }

    void save(const Operands<T>& o, PieceState& state, float* to, const RowBuffers& b) const {
      HWY_ALIGN float top[N], sums[N];
      hn::Store(shift, DF(), top);
      hn::Store(P::fold_sum(o.key, total), DF(), sums);
      std::copy_n(top, std::min<int64_t>(N, 16), state.top);
      std::copy_n(sums, std::min<int64_t>(N, 16), state.sum);
      P::save(o.value, sum, to);
      std::copy_n(b.edge_sum.data(), o.table(), to + P::size(o.value));
    }

    void restore(const Operands<T>& o, const PieceState& state, const float* from, RowBuffers& b) {
      shift = P::per_head(o.key, state.top);
      // One lane per head has the sum.
      total = hn::IfThenElseZero(hn::FirstN(DF(), static_cast<size_t>(P::heads(o.key))), P::per_head(o.key, state.sum));
      P::restore(o.value, from, sum);
      std::copy_n(from + P::size(o.value), o.table(), b.edge_sum.data());
    }

    /// Adds a later piece of the row, after making both relative to the larger shift.
    void join(const Operands<T>& o, const PieceState& state, const float* from, RowBuffers& b) {
      raise(o, P::per_head(o.key, state.top), b);
      HWY_ALIGN float factor[2 * N] = {}, top[N];
      hn::Store(shift, DF(), top);
      for (int64_t h = 0; h < P::heads(o.key); ++h) factor[h] = std::exp(state.top[h] - top[h]);
      HWY_ALIGN float added[N] = {};
      for (int64_t h = 0; h < P::heads(o.key); ++h) added[h] = state.sum[h] * factor[h];
      total = hn::Add(total, hn::Load(DF(), added));
      P::add_scaled(o.value, from, factor, sum);
      const VF of_head = P::per_head(o.key, factor);
      const float* edges = from + P::size(o.value);
      for (int64_t f = 0; f < o.table(); f += N)
        store(hn::MulAdd(load(edges + f), of_head, load(b.edge_sum.data() + f)), b.edge_sum.data() + f);
    }
  };

  /// Adds the edges [begin, end), at least one, to a row without edges.
  template <class P>
  HWY_INLINE void take(int64_t r, int64_t begin, int64_t end, RowSoftmax<P>& row, RowBuffers& b) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), edges = P::edges(o_.key);
    const float *weights = o_.template query_weights<P>(r, b.weights.data()), *bias = o_.bias_of(r);
    const Cursor cursor(edges_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    if (featured()) take_edge_query(o_, r, b);
    const VF none = hn::Set(d, -std::numeric_limits<float>::infinity());
    ChunkRows<T> before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const int64_t count = cursor.count(chunk);
      const ChunkTypes types(at.type, count);
      const ChunkRows<T> keys{o_.key_rows, at.index, at.ahead, b.columns[0]};
      const ChunkRows<T> values{o_.value_rows, at.index, at.ahead, b.columns[2 + (chunk & 1)]};
      P::template stage<true>(o_.key, keys);
      P::template stage<false>(o_.value, values);
      VF dots = P::dots(o_.key, keys, {weights, o_.key.padded_row(), types, o_.a.types});
      if (featured()) dots = hn::Add(dots, edge_query_dots(o_, edges_, begin, chunk, b));
      if (chunk > 0) P::template add<true>(o_.value, before, b.first[(chunk - 1) & 1], 0, edges, row.sum);
      const VF logit = weighted_logits(o_, raw_logits(o_, dots, bias, types), at.log_weight);
      const auto held = first_edges(count, heads);
      // Without a small clamp, the shift follows the largest logit so far. It is raised only in chunks that exceed it,
      // which become rare as the row goes on.
      if (!o_.bounded && (chunk == 0 || !hn::AllFalse(d, hn::And(hn::Gt(logit, row.shift), held))))
        row.raise(o_, P::fold_max(o_.key, hn::IfThenElse(held, logit, none)), b);
      VF p = hn::IfThenElseZero(held, exp_bounded(hn::Sub(logit, row.shift)));
      row.total = hn::Add(row.total, p);
      if (dropped()) p = hn::Mul(p, dropout_factors<false>(o_, r, at.index));
      hn::Store(p, d, b.first[chunk & 1]);
      if (featured()) add_features(o_, edges_, begin, b, p, b.edge_sum.data());
      before = values;
    }
    P::template add<true>(o_.value, before, b.first[(chunks - 1) & 1], 0, cursor.count(chunks - 1), row.sum);
  }

  /// Writes the log-sum and divides the weighted sum by the sum of the exponentials.
  template <class P>
  HWY_INLINE void finish(int64_t r, RowSoftmax<P>& row, RowBuffers& b) const {
    const DF d;
    const VF total = P::fold_sum(o_.key, row.total);
    HWY_ALIGN float lanes[2 * N];
    hn::Store(hn::Add(row.shift, hn::Log(d, total)), d, lanes);
    std::copy_n(lanes, o_.row_heads, log_sum_ + r * o_.row_heads);
    const VF inverse = hn::Div(hn::Set(d, 1.f), total);
    hn::Store(inverse, d, lanes);
    if (featured()) scale_table(o_, inverse, b.edge_sum.data());
    P::scale(o_.value, lanes, row.sum);
    P::save(o_.value, row.sum, b.value_sum.data());
    write<P>(r, b);
  }

  /// Writes the sums of the values, b.value_sum, and of the edges' features, b.edge_sum.
  template <class P>
  HWY_INLINE void write(int64_t r, RowBuffers& b) const {
    out_.template write<P>(r, b.value_sum.data(), b.spare.data());
    if (!featured()) return;
    T* means = out_.base + r * out_.stride + o_.row_heads * o_.a.value_width;
    fold_table<P>(o_, b.edge_sum.data(),
                  [&](int64_t h, int64_t f, float sum) { store_as(means + h * o_.a.edge.columns + f, sum); });
  }

  /// Writes a row without edges: zeros, with a log-sum of minus infinity.
  template <class P>
  void write_empty(int64_t r, RowBuffers& b) const {
    std::fill_n(log_sum_ + r * o_.row_heads, o_.row_heads, -std::numeric_limits<float>::infinity());
    fill_zero(b.value_sum.data(), P::size(o_.value));
    fill_zero(b.edge_sum.data(), o_.table());
    write<P>(r, b);
  }

  Operands<T> o_;
  const TypedEdges& edges_;
  const ResultRows<T> out_;
  float* log_sum_;
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
