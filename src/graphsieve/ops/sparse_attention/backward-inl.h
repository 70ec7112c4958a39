// SPDX-License-Identifier: Apache-2.0
// The two passes that compute the gradients: by destination for the queries and the per-type tables, by source for the
// keys and values. Each result then belongs to one row of its pass, so no two threads add to the same number. Both
// passes recompute the probabilities from the saved log-sums. As in the forward pass, the weighted sums are one chunk
// behind the dot products. Included once per vector target.
#if defined(GRAPHSIEVE_OPS_SPARSE_ATTENTION_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_SPARSE_ATTENTION_BACKWARD_INL_H_
#undef GRAPHSIEVE_OPS_SPARSE_ATTENTION_BACKWARD_INL_H_
#else
#define GRAPHSIEVE_OPS_SPARSE_ATTENTION_BACKWARD_INL_H_
#endif

#include <numeric>

#include "graphsieve/ops/sparse_attention/attention_dropout-inl.h"
#include "graphsieve/ops/sparse_attention/edge_features-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// The backward pass of one call. With p the softmax of an edge, dp = grad · v and delta = grad · out, the gradient of
/// the logit is ds = p (dp − delta), the key's is Σ ds q · scale, the value's is Σ p grad, and the query's is Σ ds k ·
/// scale. Features x of edges add u · x to the logit, with the edge query u, and the output has their means Σ p x,
/// whose gradient is g: dp has g · x in addition, delta has g times the means, the gradient of u is Σ ds x, and that of
/// x is Σ ds u + p g over the heads. Dropout multiplies dp by its factor, and p wherever it is the weight of a
/// gradient.
template <class T, bool kMore>
class Backward {
 public:
  Backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source, const T* out,
           const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to, const Scratch& scratch)
      : o_(a, edges, scratch),
        edges_(edges),
        by_source_(by_source),
        to_(to),
        query_to_(o_.key, o_.row_heads, a.key_width, to.query, o_.row_heads * (a.key_width + a.edge.columns)),
        key_to_(o_.key, o_.row_heads, a.key_width, to.key_value,
                a.absorbed() ? a.key_width : a.heads * (a.key_width + a.value_width)),
        value_to_(o_.value, o_.row_heads, a.value_width, to.key_value + a.heads * a.key_width, key_to_.stride),
        out_(out),
        log_sum_(log_sum),
        grad_given_(grad),
        query_row_(o_.queries() * o_.key.row()),
        edge_stats_(std::max<int64_t>(4, 2 * o_.key.heads)),
        edge_row_((a.edge.columns + 3) / 4 * 4 * o_.key.heads),
        stats_row_(edge_stats_ + 2 * edge_row_) {
    const int64_t rows = query_row_ + o_.value.row(), line = 64 / sizeof(T);
    per_row_ = (rows + stats_row_ * static_cast<int64_t>(sizeof(float) / sizeof(T)) + line - 1) / line * line;
    packed_ = static_cast<T*>(scratch(a.destinations * o_.groups * per_row_ * sizeof(T)));
    query_ = {packed_, per_row_};
    grad_ = {packed_ + query_row_, per_row_};
  }

  void run() {
    with_row_policy(o_, [&](auto policy) {
      using P = decltype(policy);
      o_.template take_order_of<P>();
      pack<P>();
      run_destinations<P>();
      run_sources<P>();
    });
  }

 private:
  bool featured() const { return kMore && o_.featured; }
  bool dropped() const { return kMore && o_.dropped; }

  /// Returns the statistics of row r of the destinations, which are stored behind its packed rows: the log-sums and the
  /// deltas (delta = gradient · output), by head. They are followed by the edge query, and by the gradient of the means
  /// of the edges' features; number f of head h is at f · heads + h.
  float* stats(int64_t r) const {
    return reinterpret_cast<float*>(packed_ + r * per_row_ + query_row_ + o_.value.row());
  }

  /// Packs the rows of the destinations for the pass by source, which gathers them: query, gradient and statistics of a
  /// destination, in whole cache lines. One gathered row then has everything that an edge needs.
  template <class P>
  void pack() {
    const int64_t rows = o_.a.destinations * o_.groups;
    const int64_t heads = o_.row_heads, width = o_.a.value_width, values = heads * width;
    const int64_t out_row = o_.a.out_row() / o_.groups;
    const bool fits = value_to_.fits;
    if (!fits) pad_rows(grad_given_, out_row, rows, heads, width, o_.value, packed_ + query_row_, per_row_);
    parallel_blocks(rows, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T *grad = grad_given_ + r * out_row, *out = out_ + r * out_row;
        float* to = stats(r);
        fill_zero(to, stats_row_);
        std::copy_n(o_.query_rows[r], query_row_, packed_ + r * per_row_);
        for (int64_t h = 0; h < heads; ++h) to[h] = log_sum_[r * heads + h];
        const T *mean_grad = grad + values, *mean = out + values;
        if (fits) {
          std::copy_n(grad, values, packed_ + r * per_row_ + query_row_);
          P::row_dots(o_.value, grad, out, to + o_.key.heads);
        } else {
          for (int64_t h = 0; h < heads; ++h, grad += width, out += width)
            for (int64_t c = 0; c < width; ++c) to[o_.key.heads + h] += to_float(grad[c]) * to_float(out[c]);
        }
        if (featured()) pack_features(r, mean_grad, mean, to);
      }
    });
  }

  /// Writes the edge query of row r and the gradient of its means into the statistics `to`, and adds the part of the
  /// means to the deltas.
  HWY_NOINLINE void pack_features(int64_t r, const T* mean_grad, const T* mean, float* to) const {
    const int64_t columns = o_.a.edge.columns, heads = o_.key.heads;
    const T* query = o_.a.edge.query + r * o_.a.edge.query_stride;
    for (int64_t h = 0; h < o_.row_heads; ++h)
      for (int64_t f = 0; f < columns; ++f) {
        const int64_t at = h * columns + f;
        const float g = to_float(mean_grad[at]);
        to[edge_stats_ + f * heads + h] = to_float(query[at]);
        to[edge_stats_ + edge_row_ + f * heads + h] = g;
        to[heads + h] += g * to_float(mean[at]);
      }
  }

  struct Chunk {
    VF weight, logit_grad;
  };

  /// Returns the weights of a chunk's edges in the output, which are their probabilities times the factors of dropout,
  /// and the gradients of their logits. That of a negative logit is multiplied
  /// by the slope, that of a logit beyond the clamp is 0, and so are all results in lanes without an edge (not `held`).
  HWY_INLINE Chunk differentiate(VF dots, VF value_dots, const float* bias, const ChunkTypes& types,
                                 const float* log_weight, VF log_sum, VF delta, VF dropout, hn::Mask<DF> held) const {
    const VF raw = raw_logits(o_, dots, bias, types);
    const VF p = hn::IfThenElseZero(held, exp_bounded(hn::Sub(weighted_logits(o_, raw, log_weight), log_sum)));
    VF weight = p;
    if (dropped()) {
      value_dots = hn::Mul(value_dots, dropout);
      weight = hn::Mul(p, dropout);
    }
    VF ds = hn::Mul(p, hn::Sub(value_dots, delta));
    if (o_.bent) ds = times_slope(o_, ds, hn::Lt(raw, hn::Zero(DF())));
    return {weight, hn::IfThenElseZero(hn::Le(hn::Abs(raw), hn::Set(DF(), o_.a.clamp)), ds)};
  }

  /// A sum of rows weighted by the gradients of the logits, kept separately by edge type. The edges of a row are sorted
  /// by type, so one sum is enough: `flush(type, sum)` is called whenever the type changes and at the end.
  template <class P, class Flush>
  struct TypedSum {
    const HeadLayout& layout;
    typename P::Sum sum;
    int type;
    const Flush& flush;

    HWY_INLINE void change(int to) {
      if (type >= 0) flush(type, sum);
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

  /// The memory for an item's sums by type: `scale` has [types] sums of rows and `bias` [types] vectors; null if not
  /// requested.
  struct TypeSums {
    float *scale, *bias;
  };

  /// Computes the gradients of the queries and of the per-type tables.
  template <class P>
  void run_destinations() {
    // Each item has its own sums by type, which collect_types() adds in the order of the items.
    const WorkPlan plan(edges_.row_start, edges_.rows);
    const int64_t groups = o_.groups, size = o_.queries() * P::size(o_.key) + o_.table(), types = o_.a.types;
    const int64_t scales = to_.type_scale ? types * P::size(o_.key) : 0;
    const int64_t per_item = scales + (to_.type_bias ? groups * types * N : 0);
    std::vector<float> type_sums(plan.items.size() * per_item), pieces(plan.pieces * groups * size);
    plan.run([&](int64_t n, const WorkItem& item) {
      RowBuffers& b = buffers_of_thread<P>(o_);
      float* sums = type_sums.data() + n * per_item;
      for (int64_t i = item.row_begin; i < item.row_end; ++i)
        for (int64_t r = i * groups; r < (i + 1) * groups; ++r) {
          const int64_t g = r % groups;
          const TypeSums to{to_.type_scale ? sums : nullptr, to_.type_bias ? sums + scales + g * types * N : nullptr};
          if (item.piece >= 0) {
            destination_row<P>(r, item.edge_begin, item.edge_end, to, b);
            std::copy_n(b.key_sum.data(), size, pieces.data() + (item.piece * groups + g) * size);
          } else {
            destination_row<P>(r, edges_.row_start[i], edges_.row_start[i + 1], to, b);
            write_queries<P>(r, b.key_sum.data(), b);
          }
        }
    });
    plan.join([&](int64_t i, int64_t first, int64_t last) {
      add_pieces(pieces, first, last, groups * size);
      for (int64_t g = 0; g < groups; ++g)
        write_queries<P>(i * groups + g, pieces.data() + (first * groups + g) * size, buffers_of_thread<P>(o_));
    });
    collect_types<P>(type_sums, scales, per_item);
  }

  /// Writes the gradients of the queries of row r of the destinations.
  template <class P>
  HWY_INLINE void write_queries(int64_t r, const float* sums, RowBuffers& b) const {
    for (int64_t q = 0; q < o_.queries(); ++q)
      query_to_.template write<P>(r * o_.queries() + q, sums + q * P::size(o_.key), b.spare.data());
    if (!featured()) return;
    T* to = query_to_.base + r * query_to_.stride + o_.row_heads * o_.a.key_width;
    fold_table<P>(o_, sums + P::size(o_.key),
                  [&](int64_t h, int64_t f, float sum) { store_as(to + h * o_.a.edge.columns + f, sum); });
  }

  /// Writes the gradients of the features of a chunk's edges, from edge number `first` on: Σ ds u + p g over the heads.
  HWY_NOINLINE void write_feature_gradients(VF logit_grad, VF weight, int64_t first, int64_t count,
                                            const RowBuffers& b) const {
    const int64_t heads = o_.key.heads, columns = o_.a.edge.columns;
    const auto products = [&](int64_t f) HWY_ATTR {
      if (f >= columns) return hn::Zero(DF());
      const VF u = load(b.edge_query.data() + f * N), g = load(b.edge_grad.data() + f * N);
      return hn::MulAdd(logit_grad, u, hn::Mul(weight, g));
    };
    HWY_ALIGN float lanes[N];
    for (int64_t f = 0; f < columns; f += 4) {
      float sums[N][4];  // by edge
      if (heads == 4) {  // every block of four lanes is an edge: its sums of four columns come out in the block
        hn::Store(add_pairs(add_halves(products(f), products(f + 1)), add_halves(products(f + 2), products(f + 3))),
                  DF(), lanes);
        std::copy_n(lanes, N, sums[0]);
      } else {
        for (int64_t i = 0; i < 4; ++i) {
          hn::Store(products(f + i), DF(), lanes);
          for (int64_t e = 0; e < count; ++e)
            sums[e][i] = std::accumulate(lanes + e * heads, lanes + (e + 1) * heads, 0.f);
        }
      }
      for (int64_t e = 0; e < count; ++e)
        if (const int64_t row = to_.edge_row(edges_, first + e); row >= 0)
          std::copy_n(sums[e], std::min<int64_t>(4, columns - f), to_.edge + row * columns + f);
    }
  }

  /// The dot products of a chunk's features with the edge queries, and with the gradients of the features' means.
  struct FeatureDots {
    VF query, grad;
  };

  /// Writes the tables of the edge query of row r of the destinations, and of the gradient of its means.
  HWY_NOINLINE void take_tables(int64_t r, RowBuffers& b) const {
    const int64_t heads = o_.key.heads, edge_row = edge_row_;
    const float* packed = stats(r) + edge_stats_;
    fill_table(o_, [&](int64_t h, int64_t f) { return packed[f * heads + h]; }, b.edge_query.data());
    fill_table(o_, [&](int64_t h, int64_t f) { return packed[edge_row + f * heads + h]; }, b.edge_grad.data());
  }

  /// Takes a chunk of a destination's row, whose tables have been written.
  HWY_INLINE FeatureDots destination_feature_dots(int64_t begin, int64_t chunk, RowBuffers& b) const {
    FeatureDots dots{hn::Zero(DF()), hn::Zero(DF())};
    const float *edge_query = b.edge_query.data(), *edge_grad = b.edge_grad.data();
    EdgeColumns<T>(o_, edges_, begin, b).take(chunk, [&](int64_t f, VF x) HWY_ATTR {
      dots.query = hn::MulAdd(x, load(edge_query + f * N), dots.query);
      dots.grad = hn::MulAdd(x, load(edge_grad + f * N), dots.grad);
    });
    return dots;
  }

  /// Adds the sums of the pieces [first + 1, last) to that of piece `first`, in order.
  static void add_pieces(std::vector<float>& pieces, int64_t first, int64_t last, int64_t size) {
    for (int64_t p = first + 1; p < last; ++p)
      for (int64_t c = 0; c < size; ++c) pieces[first * size + c] += pieces[p * size + c];
  }

  /// Computes the gradients of the queries of row r in b.key_sum, and adds to the sums by type. Each edge contributes
  /// ds · k to the sum of its type. When the type changes, the sum times the type's scale is added to the gradient of
  /// the query, and the sum times the query to the gradient of the scale.
  template <class P>
  HWY_INLINE void destination_row(int64_t r, int64_t begin, int64_t end, const TypeSums& to, RowBuffers& b) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), edges = P::edges(o_.key), size = P::size(o_.key);
    float* edge_sum = b.key_sum.data() + o_.queries() * size;
    fill_zero(b.key_sum.data(), o_.queries() * size + o_.table());
    if (begin == end) return;
    const T* query = query_[r];
    const float *weights = o_.template query_weights<P>(r, b.weights.data()), *bias = o_.bias_of(r);
    const float* value_weights = o_.template plain_weights<P>(grad_[r], b.value_weights.data());
    const VF log_sum = P::per_head(o_.key, stats(r)), delta = P::per_head(o_.key, stats(r) + heads);
    const auto flush = [&](int type, const typename P::Sum& sum) HWY_ATTR {
      P::add_product(o_.key, sum, o_.scale_of(type), b.key_sum.data() + o_.a.query_of(type) * size);
      if (to.scale) P::add_product(o_.key, sum, query, to.scale + type * size);
    };
    TypedSum<P, decltype(flush)> sum{o_.key, zero_sum<P>(o_.key, b.any), -1, flush};
    if (featured()) take_tables(r, b);
    const Cursor cursor(edges_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    ChunkRows<T> before{};
    ChunkTypes types_before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const int64_t count = cursor.count(chunk);
      const ChunkTypes types(at.type, count);
      const ChunkRows<T> keys{o_.key_rows, at.index, at.ahead, b.columns[chunk & 1]};
      const ChunkRows<T> values{o_.value_rows, at.index, at.ahead, b.columns[2]};
      P::template stage<true>(o_.key, keys);
      P::template stage<false>(o_.value, values);
      VF dots = P::dots(o_.key, keys, {weights, o_.key.padded_row(), types, o_.a.types});
      VF value_dots = P::dots(o_.value, values, {value_weights});
      if (featured()) {
        const FeatureDots more = destination_feature_dots(begin, chunk, b);
        dots = hn::Add(dots, more.query);
        value_dots = hn::Add(value_dots, more.grad);
      }
      // The rows of the chunk before are in the first cache now, and adding them does not depend on this chunk's dot
      // products.
      if (chunk > 0) sum.add(before, types_before, b.first[(chunk - 1) & 1], edges);
      const Chunk c = differentiate(dots, value_dots, bias, types, at.log_weight, log_sum, delta, dropout<false>(r, at),
                                    first_edges(count, heads));
      hn::Store(c.logit_grad, d, b.first[chunk & 1]);
      if (to.bias) add_bias_gradient(c.logit_grad, types, to.bias);
      if (featured()) {
        add_features(o_, edges_, begin, b, c.logit_grad, edge_sum);
        if (to_.edge) write_feature_gradients(c.logit_grad, c.weight, begin + chunk * edges, count, b);
      }
      before = keys;
      types_before = types;
    }
    sum.add(before, types_before, b.first[(chunks - 1) & 1], cursor.count(chunks - 1));
    sum.change(-1);
  }

  /// Returns the factors of dropout of a chunk's edges; zeros, which are not used, without dropout.
  template <bool kBySource>
  HWY_INLINE VF dropout(int64_t r, const Cursor::At& at) const {
    return dropped() ? dropout_factors<kBySource>(o_, r, at.index) : hn::Zero(DF());
  }

  /// Adds the gradients of a chunk's logits to the vectors of their types.
  HWY_INLINE void add_bias_gradient(VF grad, const ChunkTypes& types, float* to) const {
    if (HWY_LIKELY(types.same)) {
      to += types.type[0] * N;
      return store(hn::Add(load(to), grad), to);
    }
    const auto type = lane_types(o_, types.type);
    for (int t = 0; t < o_.a.types; ++t, to += N) {
      const auto of_type = hn::RebindMask(DF(), hn::Eq(type, hn::Set(hn::RebindToSigned<DF>(), t)));
      store(hn::Add(load(to), hn::IfThenElseZero(of_type, grad)), to);
    }
  }

  /// Adds the sums of the items by type, in order and in float64, and writes the gradients of the tables. A vector of
  /// the bias has all edges of a head in alternating lanes, which are added here. In the absorbed form every head has
  /// vectors of its own.
  template <class P>
  void collect_types(const std::vector<float>& sums, int64_t scales, int64_t per_item) const {
    if (per_item == 0) return;
    std::vector<double> total(per_item);
    for (size_t at = 0; at < sums.size(); at += per_item)
      for (int64_t c = 0; c < per_item; ++c) total[c] += sums[at + c];
    const auto& a = o_.a;
    const int64_t heads = o_.key.heads, lanes = P::size(o_.key) / P::row(o_.key);  // Lanes has N numbers per column
    for (int t = 0; t < a.types; ++t)
      for (int h = 0; h < a.heads; ++h) {
        if (to_.type_bias) {
          const int64_t group = a.absorbed() ? h : 0;
          const double* vector = total.data() + scales + (group * a.types + t) * N;
          double bias = 0;
          for (int64_t l = a.absorbed() ? 0 : h; l < N; l += heads) bias += vector[l];
          to_.type_bias[t * a.heads + h] = static_cast<float>(bias);
        }
        for (int64_t c = 0; to_.type_scale && c < a.key_width; ++c) {
          const double* from = total.data() + t * P::size(o_.key) + P::position(h * o_.key.width + c) * lanes;
          to_.type_scale[(t * a.heads + h) * a.key_width + c] =
              static_cast<float>(std::accumulate(from, from + lanes, 0.0));
        }
      }
  }

  /// Computes the gradients of the keys and values, from the edges by source.
  template <class P>
  void run_sources() {
    const WorkPlan plan(by_source_.row_start, by_source_.rows);
    const int64_t keys = P::size(o_.key), size = keys + P::size(o_.value);
    std::vector<float> pieces(plan.pieces * size);
    plan.run([&](int64_t, const WorkItem& item) {
      RowBuffers& b = buffers_of_thread<P>(o_);
      if (item.piece >= 0) {
        any_source_row<P>(item.row_begin, item.edge_begin, item.edge_end, b);
        std::copy_n(b.key_sum.data(), keys, pieces.data() + item.piece * size);
        std::copy_n(b.value_sum.data(), size - keys, pieces.data() + item.piece * size + keys);
        return;
      }
      for (int64_t j = item.row_begin; j < item.row_end; ++j) {
        any_source_row<P>(j, by_source_.row_start[j], by_source_.row_start[j + 1], b);
        write_source<P>(j, b.key_sum.data(), b.value_sum.data(), b);
      }
    });
    plan.join([&](int64_t j, int64_t first, int64_t last) {
      add_pieces(pieces, first, last, size);
      const float* sum = pieces.data() + first * size;
      write_source<P>(j, sum, sum + keys, buffers_of_thread<P>(o_));
    });
  }

  template <class P>
  HWY_INLINE void write_source(int64_t j, const float* keys, const float* values, RowBuffers& b) const {
    key_to_.template write<P>(j, keys, b.spare.data());
    if (!o_.a.absorbed()) value_to_.template write<P>(j, values, b.spare.data());
  }

  template <class P>
  HWY_INLINE void any_source_row(int64_t j, int64_t begin, int64_t end, RowBuffers& b) const {
    if constexpr (P::kSharedRows)
      if (o_.a.absorbed()) return absorbed_source_row<P>(j, begin, end, b);
    source_row<P>(j, begin, end, b);
  }

  /// The query rows of a chunk whose edges all have the type `type`. `queries` has the rows of type 0.
  template <class P>
  HWY_INLINE ChunkRows<T> of_type(ChunkRows<T> queries, int type) const {
    queries.rows.base += o_.a.query_of(type) * o_.key.row();
    return queries;
  }

  /// Computes the gradient of one source's row in b.key_sum, in the absorbed form: Σ (ds q + p g) over its edges and
  /// the heads, where the query q is that of the edge's type. The row is key and value of every head, so it is the
  /// weights of all dot products.
  template <class P>
  HWY_INLINE void absorbed_source_row(int64_t j, int64_t begin, int64_t end, RowBuffers& b) const {
    const DF d;
    const int64_t edges = P::edges(o_.key), groups = o_.groups;
    fill_zero(b.key_sum.data(), P::size(o_.key));
    fill_zero(b.value_sum.data(), P::size(o_.value));
    if (begin == end) return;
    const float* weights = o_.template plain_weights<P>(o_.key_rows[j], b.weights.data());
    const Cursor cursor(by_source_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    for (int64_t g = 0; g < groups; ++g) {
      const float* bias = o_.bias_of(g);
      const Rows<T> query_rows{query_.base + g * per_row_, groups * per_row_};
      const Rows<T> grad_rows{grad_.base + g * per_row_, groups * per_row_};
      typename P::Sum sum = zero_sum<P>(o_.key, b.any);
      const auto add = [&](const ChunkRows<T>& queries, const ChunkRows<T>& grads, const ChunkTypes& types, int64_t c,
                           int64_t count) HWY_ATTR {
        for (int64_t e = 0; e < count;) {
          const int64_t from = e;
          e = types.same || o_.queries() == 1 ? count : e + 1;
          while (e < count && types.type[e] == types.type[from]) ++e;
          P::template add<false>(o_.key, of_type<P>(queries, types.type[from]), b.first[c & 1], from, e, sum);
        }
        P::template add<false>(o_.value, grads, b.second[c & 1], 0, count, sum);
      };
      ChunkRows<T> query_before{}, grad_before{};
      ChunkTypes types_before{};
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        const auto at = cursor.at(chunk);
        const int64_t count = cursor.count(chunk);
        const ChunkTypes types(at.type, count);
        const ChunkRows<T> queries{query_rows, at.index, at.ahead, b.columns[0]};
        const ChunkRows<T> grads{grad_rows, at.index, at.ahead, b.columns[2]};
        VF log_sum, delta;
        gather_stats<P>(at, g, log_sum, delta);
        const VF dots = dots_by_type<P>(queries, types, weights), value_dots = P::dots(o_.value, grads, {weights});
        if (chunk > 0) add(query_before, grad_before, types_before, chunk - 1, edges);
        const Chunk c = differentiate(dots, value_dots, bias, types, at.log_weight, log_sum, delta, hn::Zero(d),
                                      first_edges(count, 1));
        hn::Store(c.logit_grad, d, b.first[chunk & 1]);
        hn::Store(c.weight, d, b.second[chunk & 1]);
        query_before = queries;
        grad_before = grads;
        types_before = types;
      }
      add(query_before, grad_before, types_before, chunks - 1, cursor.count(chunks - 1));
      P::add_product(o_.key, sum, o_.scale_of(0), b.key_sum.data());  // the scale is all ones
    }
  }

  /// Returns the dot products of the query of each edge's type with `weights`.
  template <class P>
  HWY_INLINE VF dots_by_type(const ChunkRows<T>& queries, const ChunkTypes& types, const float* weights) const {
    if (HWY_LIKELY(types.same || o_.queries() == 1))
      return P::dots(o_.key, of_type<P>(queries, types.type[0]), {weights});
    const auto type = lane_types(o_, types.type);
    VF dots = hn::Zero(DF());
    for (int t = 0; t < o_.a.types; ++t) {
      const auto held = hn::RebindMask(DF(), hn::Eq(type, hn::Set(hn::RebindToSigned<DF>(), t)));
      dots = hn::IfThenElse(held, P::dots(o_.key, of_type<P>(queries, t), {weights}), dots);
    }
    return dots;
  }

  /// Computes the gradients of one source's key in b.key_sum and value in b.value_sum. The roles of the rows are
  /// exchanged: the key and value of the source are the weights of the dot products, and the queries and gradients of
  /// the destinations are gathered.
  template <class P>
  HWY_INLINE void source_row(int64_t j, int64_t begin, int64_t end, RowBuffers& b) const {
    const DF d;
    const int64_t heads = P::heads(o_.key), edges = P::edges(o_.key);
    fill_zero(b.key_sum.data(), P::size(o_.key));
    if (begin == end) return fill_zero(b.value_sum.data(), P::size(o_.value));
    o_.template typed_weights<P>(o_.key_rows[j], b.weights.data());
    const float* value_weights = o_.template plain_weights<P>(o_.value_rows[j], b.value_weights.data());
    const auto flush = [&](int type, const typename P::Sum& sum)
                           HWY_ATTR { P::add_product(o_.key, sum, o_.scale_of(type), b.key_sum.data()); };
    TypedSum<P, decltype(flush)> key_sum{o_.key, zero_sum<P>(o_.key, b.any), -1, flush};
    typename P::Sum value_sum = zero_sum<P>(o_.value, b.value_any);
    const Cursor cursor(by_source_, begin, end, edges, b);
    const int64_t chunks = cursor.chunks();
    ChunkRows<T> query_before{}, grad_before{};
    ChunkTypes types_before{};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto at = cursor.at(chunk);
      const int64_t count = cursor.count(chunk);
      const ChunkTypes types(at.type, count);
      const ChunkRows<T> queries{query_, at.index, at.ahead, b.columns[chunk & 1]};
      const ChunkRows<T> grads{grad_, at.index, at.ahead, b.columns[2 + (chunk & 1)]};
      P::template stage<true>(o_.key, queries);
      P::template stage<false>(o_.value, grads);
      VF log_sum, delta;
      gather_stats<P>(at, 0, log_sum, delta);
      VF dots = P::dots(o_.key, queries, {b.weights.data(), o_.key.padded_row(), types, o_.a.types});
      VF value_dots = P::dots(o_.value, grads, {value_weights});
      if (featured()) {
        const FeatureDots more = source_feature_dots(begin, chunk, at, edges, b);
        dots = hn::Add(dots, more.query);
        value_dots = hn::Add(value_dots, more.grad);
      }
      if (chunk > 0) {
        key_sum.add(query_before, types_before, b.first[(chunk - 1) & 1], edges);
        P::template add<false>(o_.value, grad_before, b.second[(chunk - 1) & 1], 0, edges, value_sum);
      }
      const Chunk c = differentiate(dots, value_dots, o_.bias_of(0), types, at.log_weight, log_sum, delta,
                                    dropout<true>(j, at), first_edges(count, heads));
      hn::Store(c.logit_grad, d, b.first[chunk & 1]);
      hn::Store(c.weight, d, b.second[chunk & 1]);
      query_before = queries;
      grad_before = grads;
      types_before = types;
    }
    const int64_t last = cursor.count(chunks - 1);
    key_sum.add(query_before, types_before, b.first[(chunks - 1) & 1], last);
    P::template add<false>(o_.value, grad_before, b.second[(chunks - 1) & 1], 0, last, value_sum);
    key_sum.change(-1);
    P::save(o_.value, value_sum, b.value_sum.data());
  }

  /// Takes a chunk of a source's row. Each edge has the edge query of its own destination.
  HWY_INLINE FeatureDots source_feature_dots(int64_t begin, int64_t chunk, const Cursor::At& at, int64_t edges,
                                             RowBuffers& b) const {
    const int64_t heads = o_.key.heads, columns = o_.a.edge.columns, edge_row = edge_row_;
    const float* row[N];
    for (int64_t e = 0; e < edges; ++e) {
      row[e] = stats(at.index[e]) + edge_stats_;
      for (int64_t line = 0; line < 2 * edge_row; line += 16) hwy::Prefetch(stats(at.ahead[e]) + edge_stats_ + line);
    }
    const EdgeColumns<T> features(o_, by_source_, begin, b);
    FeatureDots dots{hn::Zero(DF()), hn::Zero(DF())};
    if (heads == 4) {
      features.take(chunk, [&](int64_t f, VF x) HWY_ATTR {
        const VF u = rows_of_four([&](int e) HWY_ATTR { return row[e] + 4 * f; });
        const VF g = rows_of_four([&](int e) HWY_ATTR { return row[e] + edge_row + 4 * f; });
        dots.query = hn::MulAdd(x, u, dots.query);
        dots.grad = hn::MulAdd(x, g, dots.grad);
      });
      return dots;
    }
    float *edge_query = b.edge_query.data(), *edge_grad = b.edge_grad.data();
    const auto gather = [&](int64_t offset, float* to) HWY_ATTR {
      for (int64_t f = 0; heads == 1 && f < columns; f += 4) {
        VF four[4];
        columns_of_four([&](int e) HWY_ATTR { return row[e] + offset + f; }, four);
        for (int64_t i = 0; i < 4; ++i) store(four[i], to + (f + i) * N);
      }
      for (int64_t e = 0; heads > 1 && e < edges; ++e)
        for (int64_t f = 0; f < columns; ++f) std::copy_n(row[e] + offset + f * heads, heads, to + f * N + e * heads);
    };
    gather(0, edge_query);
    gather(edge_row, edge_grad);
    features.take(chunk, [&](int64_t f, VF x) HWY_ATTR {
      dots.query = hn::MulAdd(x, load(edge_query + f * N), dots.query);
      dots.grad = hn::MulAdd(x, load(edge_grad + f * N), dots.grad);
    });
    return dots;
  }

  /// Loads log_sum and delta of the chunk's destinations, of their rows of group g, edge by edge and head by head. Four
  /// heads and one head, the common numbers, are loaded by vectors.
  template <class P>
  HWY_INLINE void gather_stats(const Cursor::At& at, int64_t g, VF& log_sum, VF& delta) const {
    const int64_t heads = P::heads(o_.key), edges = P::edges(o_.key);
    const auto stats_of = [&](int64_t destination) HWY_ATTR { return stats(destination * o_.groups + g); };
    for (int64_t e = 0; e < edges; ++e) hwy::Prefetch(stats_of(at.ahead[e]));
    if (heads == 4) {
      log_sum = rows_of_four([&](int e) HWY_ATTR { return stats_of(at.index[e]); });
      delta = rows_of_four([&](int e) HWY_ATTR { return stats_of(at.index[e]) + 4; });
    } else if (heads == 1) {
      VF columns[4];
      columns_of_four([&](int e) HWY_ATTR { return stats_of(at.index[e]); }, columns);
      log_sum = columns[0];
      delta = columns[1];
    } else {
      HWY_ALIGN float first[N], second[N];
      for (int64_t e = 0; e < edges; ++e)
        for (int64_t h = 0; h < heads; ++h) {
          first[e * heads + h] = stats_of(at.index[e])[h];
          second[e * heads + h] = stats_of(at.index[e])[heads + h];
        }
      log_sum = hn::Load(DF(), first);
      delta = hn::Load(DF(), second);
    }
  }

  Operands<T> o_;
  const TypedEdges &edges_, &by_source_;
  const SparseAttentionGradients<T>& to_;
  const ResultRows<T> query_to_, key_to_, value_to_;
  const T* out_;
  const float* log_sum_;
  const T* grad_given_;
  const int64_t query_row_;   ///< elements of all queries in a packed row
  const int64_t edge_stats_;  ///< place of the edge query in the statistics
  const int64_t edge_row_;    ///< floats of the edge query in the statistics
  const int64_t stats_row_;   ///< floats of the statistics in a packed row
  int64_t per_row_;           ///< elements of a packed row
  T* packed_;
  Rows<T> query_, grad_;
};

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
