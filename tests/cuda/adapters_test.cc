// SPDX-License-Identifier: Apache-2.0
// The adapters for GPUs against the CPU's operators, on shapes that have to be padded, views, and calls that are
// refused.
#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "device_testing.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/expand_block/expand_block.h"
#include "graphsieve/ops/gather_rows/gather_rows.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

namespace graphsieve::ops {

using at::Tensor;
using Optional = std::optional<Tensor>;
using Two = std::tuple<Tensor, Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Four = std::tuple<Tensor, Tensor, Tensor, Tensor>;
using Five = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>;
using Block = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>;

Two sparse_attention_cuda(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Optional&,
                          const Optional&, const Optional&, const Tensor&, const Tensor&, int64_t, double,
                          const Optional&, double, const Optional&, const Optional&, const Optional&, double, int64_t);
Five sparse_attention_backward_cuda(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                    const Tensor&, const Tensor&, const Tensor&, const Optional&, const Optional&,
                                    const Optional&, const Tensor&, const Tensor&, int64_t, double, std::array<bool, 5>,
                                    const Optional&, double, const Optional&, const Optional&, const Optional&, double,
                                    int64_t);
Tensor sparse_attention_scores_cuda(const Tensor&, const Tensor&, int64_t, const Tensor&, const Tensor&, const Tensor&,
                                    const Tensor&, const Tensor&, int64_t, double, const Tensor&, const Optional&,
                                    double, const Optional&, const Optional&);
Two reservoir_sample_cuda(const Tensor&, const Tensor&, const Tensor&, const Optional&, const Optional&, int64_t,
                          int64_t, int64_t);
Tensor dropout_add_cuda(const Tensor&, const Optional&, double, int64_t);
Tensor relu_dropout_cuda(const Tensor&, double, int64_t);
Tensor relu_dropout_backward_cuda(const Tensor&, const Tensor&, double);
Tensor gather_rows_cuda(const Tensor&, const Tensor&);
Tensor sparse_linear_cuda(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                          const Tensor&, const Optional&);
Two sparse_linear_backward_cuda(const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool);
Tensor linear_cuda(const Tensor&, const Tensor&, const Optional&);
Three linear_backward_cuda(const Tensor&, const Tensor&, const Tensor&, std::array<bool, 3>);
Three node_norm_cuda(const Tensor&, const Optional&, const Tensor&, const Tensor&, const Optional&, const Optional&,
                     double);
Four node_norm_backward_cuda(const Tensor&, const Tensor&, const Optional&, const Tensor&, const Tensor&, const Tensor&,
                             double, bool);
Block expand_block_cuda(const Tensor&, const Tensor&, const Tensor&, Tensor);

namespace {

class CudaAdapters : public kernels::DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
#ifndef GRAPHSIEVE_EMULATED_CUDA
    if (!at::hasCUDA()) GTEST_SKIP() << "a torch without CUDA";
#endif
    at::manual_seed(3);
  }
};

Tensor there(const Tensor& t) {
#ifdef GRAPHSIEVE_EMULATED_CUDA
  return t;
#else
  return t.cuda();
#endif
}
Optional there(const Optional& t) { return t ? Optional(there(*t)) : t; }

void expect_close(const Tensor& found, const Tensor& expected, double tolerance = 2e-5) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  ASSERT_EQ(found.scalar_type(), expected.scalar_type());
  const Tensor f = found.cpu().to(at::kDouble), e = expected.to(at::kDouble);
  const Tensor same = (f == e).logical_or(
      (f - e).abs() <= tolerance * std::max(0.05, e.numel() ? e.nan_to_num(0, 0, 0).abs().max().item<double>() : 0));
  EXPECT_TRUE(same.all().item<bool>()) << (f - e).abs().nan_to_num(0, 0, 0).max().item<double>();
}

void expect_equal(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.scalar_type(), expected.scalar_type());
  EXPECT_TRUE(at::equal(found.cpu(), expected));
}

/// A graph without transpose where `sources` is the number of its rows, else with one.
struct TestEdges {
  Tensor row_start, index, type;
  Optional t_row_start, t_index, t_type;
};

TestEdges edges_of(int64_t rows, int64_t sources, int64_t types) {
  const Tensor adjacent = at::rand({rows, sources}) < 0.2;
  const Tensor both = rows == sources ? adjacent.logical_or(adjacent.t()) : adjacent,
               kinds = at::randint(types, {rows, sources});
  const Tensor kind = (rows == sources ? at::minimum(kinds, kinds.t()) : kinds).to(at::kByte);
  const auto listed = [](const Tensor& a, const Tensor& k) {
    const Tensor at = a.nonzero(), row_start = at::cat({at::zeros({1}, at::kLong), a.sum(1).cumsum(0)});
    return Three(row_start, at.select(1, 1).to(at::kInt).contiguous(), k.masked_select(a));
  };
  const auto [start, index, type] = listed(both, kind);
  TestEdges e{start, index, type, {}, {}, {}};
  if (rows != sources)
    std::tie(e.t_row_start, e.t_index, e.t_type) = listed(both.t().contiguous(), kind.t().contiguous());
  return e;
}

TEST_F(CudaAdapters, SparseAttentionOfEveryShape) {
  struct Shape {
    int64_t heads, keys, values, rows, sources;
    at::ScalarType type;
  };
  for (const Shape& s : {Shape{1, 4, 4, 30, 30, at::kFloat}, Shape{3, 5, 5, 30, 30, at::kFloat},
                         Shape{2, 3, 7, 12, 40, at::kFloat}, Shape{4, 16, 16, 30, 30, at::kBFloat16},
                         Shape{1, 4, 4, 30, 30, at::kBFloat16}, Shape{5, 1, 2, 20, 33, at::kBFloat16}}) {
    SCOPED_TRACE(testing::Message() << s.heads << " heads of " << s.keys << " and " << s.values << ", " << s.type);
    const TestEdges e = edges_of(s.rows, s.sources, 3);
    const int64_t keys = s.heads * s.keys, values = s.heads * s.values;
    const Tensor query = at::randn({s.rows, keys + 1}, s.type).narrow(1, 0, keys),
                 key_value = at::randn({s.sources, keys + values}, s.type);  // query: a view
    const Tensor scale = at::randn({3, keys}), bias = at::randn({3, s.heads}),
                 grad = at::randn({s.rows, values}, s.type);
    const double tolerance = s.type == at::kFloat ? 2e-5 : 1e-2;
    static const auto forward =
        find_operator<Two(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Optional&,
                          const Optional&, const Optional&, const Tensor&, const Tensor&, int64_t, double,
                          const Optional&, double, const Optional&, const Optional&, const Optional&, double, int64_t)>(
            "graphsieve::sparse_attention");
    static const auto backward =
        find_operator<Five(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                           const Tensor&, const Tensor&, const Optional&, const Optional&, const Optional&,
                           const Tensor&, const Tensor&, int64_t, double, std::array<bool, 5>, const Optional&, double,
                           const Optional&, const Optional&, const Optional&, double, int64_t)>(
            "graphsieve::sparse_attention_backward");
    static const auto scores =
        find_operator<Tensor(const Tensor&, const Tensor&, int64_t, const Tensor&, const Tensor&, const Tensor&,
                             const Tensor&, const Tensor&, int64_t, double, const Tensor&, const Optional&, double,
                             const Optional&, const Optional&)>("graphsieve::sparse_attention_scores");
    const auto [out, log_sum] = forward.call(query, key_value, e.row_start, e.index, e.type, e.t_row_start, e.t_index,
                                             e.t_type, scale, bias, s.heads, 8, {}, 1, {}, {}, {}, 0, 0);
    const auto [d_out, d_log_sum] = sparse_attention_cuda(
        there(query), there(key_value), there(e.row_start), there(e.index), there(e.type), there(e.t_row_start),
        there(e.t_index), there(e.t_type), there(scale), there(bias), s.heads, 8, {}, 1, {}, {}, {}, 0, 0);
    expect_close(d_out, out, tolerance);
    expect_close(d_log_sum, log_sum);
    expect_close(sparse_attention_scores_cuda(there(query), there(key_value), values, there(e.row_start),
                                              there(e.index), there(e.type), there(scale), there(bias), s.heads, 8,
                                              there(log_sum), {}, 1, {}, {}),
                 scores.call(query, key_value, values, e.row_start, e.index, e.type, scale, bias, s.heads, 8, log_sum,
                             {}, 1, {}, {}));
    const std::array<bool, 5> all{true, true, true, true, false};
    const auto g = backward.call(grad, query, key_value, out, log_sum, e.row_start, e.index, e.type, e.t_row_start,
                                 e.t_index, e.t_type, scale, bias, s.heads, 8, all, {}, 1, {}, {}, {}, 0, 0);
    const auto d = sparse_attention_backward_cuda(there(grad), there(query), there(key_value), there(out),
                                                  there(log_sum), there(e.row_start), there(e.index), there(e.type),
                                                  there(e.t_row_start), there(e.t_index), there(e.t_type), there(scale),
                                                  there(bias), s.heads, 8, all, {}, 1, {}, {}, {}, 0, 0);
    expect_close(std::get<0>(d), std::get<0>(g), tolerance);
    expect_close(std::get<1>(d), std::get<1>(g), tolerance);
    expect_close(std::get<2>(d), std::get<2>(g), 2 * tolerance);
    expect_close(std::get<3>(d), std::get<3>(g), 2 * tolerance);
  }
}

TEST_F(CudaAdapters, SparseAttentionSaysWhatItDoesNotTake) {
  const TestEdges e = edges_of(6, 6, 1);
  const auto call = [&](int64_t heads, int64_t width, at::ScalarType type) {
    const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
    sparse_attention_cuda(there(at::zeros({6, heads * width}, type)), there(at::zeros({6, 2 * heads * width}, type)),
                          there(e.row_start), there(e.index), there(e.type), {}, {}, {},
                          there(at::zeros({1, heads * width}, sums)), there(at::zeros({1, heads}, sums)), heads, 8, {},
                          1, {}, {}, {}, 0, 0);
  };
  EXPECT_NO_THROW(call(8, 32, at::kFloat));
  EXPECT_THROW(call(8, 64, at::kFloat), c10::Error);
  EXPECT_THROW(call(1, 8, at::kDouble), c10::Error);
}

TEST_F(CudaAdapters, ReservoirSampleDrawsTheSameEdges) {
  const TestEdges e = edges_of(40, 90, 3);
  const Tensor weight = at::rand({e.index.size(0)}), rows = at::randint(40, {15}, at::kInt);
  for (const Optional& of : {Optional(), Optional(rows)})
    for (const SampleRule rule : {SampleRule::kWeighted, SampleRule::kUniform, SampleRule::kLargest}) {
      const auto [index, position] = reservoir_sample(e.row_start, e.index, e.type, weight, of, 7, rule, 99);
      const auto [d_index, d_position] =
          reservoir_sample_cuda(there(e.row_start), there(e.index), there(e.type), there(Optional(weight)), there(of),
                                7, static_cast<int64_t>(rule), 99);
      expect_equal(d_index, index);
      expect_equal(d_position, position);
    }
  EXPECT_THROW(
      reservoir_sample_cuda(there(e.row_start), there(e.index), there(e.type), there(Optional(weight)), {}, 300, 0, 99),
      c10::Error);
}

TEST_F(CudaAdapters, DropoutHasTheSameBits) {
  const Tensor x = at::randn({37, 13}), residual = at::randn({37, 13});
  static const auto add =
      find_operator<Tensor(const Tensor&, const Optional&, double, int64_t)>("graphsieve::dropout_add");
  static const auto relu = find_operator<Tensor(const Tensor&, double, int64_t)>("graphsieve::relu_dropout");
  static const auto back =
      find_operator<Tensor(const Tensor&, const Tensor&, double)>("graphsieve::relu_dropout_backward");
  for (const double p : {0.0, 0.3}) {
    expect_equal(dropout_add_cuda(there(x), there(Optional(residual)), p, -5), add.call(x, residual, p, -5));
    expect_equal(dropout_add_cuda(there(x.t()), {}, p, 5), add.call(x.t(), {}, p, 5));
    const Tensor y = relu.call(x, p, 8);
    expect_equal(relu_dropout_cuda(there(x), p, 8), y);
    expect_equal(relu_dropout_backward_cuda(there(residual), there(y), p), back.call(residual, y, p));
  }
  EXPECT_THROW(dropout_add_cuda(there(x.to(at::kDouble)), {}, 0.5, 1), c10::Error);
}

TEST_F(CudaAdapters, GatherRowsOfEveryType) {
  const Tensor rows = at::randint(20, {33}, at::kInt);
  for (const auto type : {at::kFloat, at::kHalf, at::kByte})
    for (const int64_t width : {1, 3, 8, 100}) {
      const Tensor x = (at::rand({20, width}) * 200).to(type);
      expect_equal(gather_rows_cuda(there(x), there(rows)), gather_rows(x, rows));
    }
#ifdef GRAPHSIEVE_EMULATED_CUDA  // on a GPU it ends the process's use of it
  EXPECT_THROW(gather_rows_cuda(at::rand({3, 4}), at::full({1}, 3, at::kInt)), std::runtime_error);
#else
  expect_equal(gather_rows_cuda(at::arange(40).reshape({20, 2}).pin_memory(), there(rows)),
               gather_rows(at::arange(40).reshape({20, 2}), rows));
#endif
}

TEST_F(CudaAdapters, LinearAndSparseLinear) {
  const Tensor x = at::randn({17, 6}) * (at::rand({17, 6}) < 0.5), weight = at::randn({5, 6}), bias = at::randn({5}),
               grad = at::randn({17, 5});
  static const auto back = find_operator<Three(const Tensor&, const Tensor&, const Tensor&, std::array<bool, 3>)>(
      "graphsieve::linear_backward");
  expect_close(linear_cuda(there(x), there(weight), there(Optional(bias))), at::linear(x, weight, bias));
  expect_close(linear_cuda(there(x.to(at::kBFloat16)), there(weight), {}),
               at::linear(x.to(at::kBFloat16).to(at::kFloat), weight));
  const auto expected = back.call(grad, x, weight, {true, true, true});
  const auto found = linear_backward_cuda(there(grad), there(x), there(weight), {true, true, true});
  expect_close(std::get<0>(found), std::get<0>(expected));
  expect_close(std::get<1>(found), std::get<1>(expected));
  expect_close(std::get<2>(found), std::get<2>(expected));
  EXPECT_EQ(std::get<0>(linear_backward_cuda(there(grad), there(x), there(weight), {false, true, true})).numel(), 0);

  const auto csr = [](const Tensor& m) {
    const Tensor at = m.nonzero();
    return Three(at::cat({at::zeros({1}, at::kLong), (m != 0).sum(1).cumsum(0)}),
                 at.select(1, 1).to(at::kInt).contiguous(), m.masked_select(m != 0));
  };
  const auto [start, column, value] = csr(x);
  const auto [t_start, t_row, t_value] = csr(x.t().contiguous());
  expect_close(sparse_linear_cuda(there(start), there(column), there(value), there(t_start), there(t_row),
                                  there(t_value), there(weight), there(Optional(bias))),
               at::linear(x, weight, bias));
  const auto [d_weight, d_bias] =
      sparse_linear_backward_cuda(there(grad), there(t_start), there(t_row), there(t_value), true);
  expect_close(d_weight, grad.t().mm(x));
  expect_close(d_bias, grad.sum(0));
}

TEST_F(CudaAdapters, NodeNormOfEveryKind) {
  static const auto forward = find_operator<Three(const Tensor&, const Optional&, const Tensor&, const Tensor&,
                                                  const Optional&, const Optional&, double)>("graphsieve::node_norm");
  static const auto backward =
      find_operator<Four(const Tensor&, const Tensor&, const Optional&, const Tensor&, const Tensor&, const Tensor&,
                         double, bool)>("graphsieve::node_norm_backward");
  const Tensor weight = at::randn({5}), bias = at::randn({5});
  for (const int64_t n : {0, 1, 50})
    for (const Optional& scale : {Optional(), Optional(at::rand({5}))})
      for (const bool own : {true, false}) {
        SCOPED_TRACE(testing::Message() << n << " rows, mean_scale " << scale.has_value() << ", own statistics "
                                        << own);
        const Tensor x = at::randn({n, 5}) + 3, grad = at::randn({n, 5});
        const Optional mean = own ? Optional() : Optional(at::randn({5})),
                       var = own ? Optional() : Optional(at::rand({5}));
        const auto [y, m, v] = forward.call(x, scale, weight, bias, mean, var, 1e-5);
        const auto [d_y, d_m, d_v] =
            node_norm_cuda(there(x), there(scale), there(weight), there(bias), there(mean), there(var), 1e-5);
        expect_close(d_y, y, 1e-4);
        expect_close(d_m, m);
        expect_close(d_v, v);
        const auto g = backward.call(grad, x, scale, weight, m, v, 1e-5, own);
        const auto d =
            node_norm_backward_cuda(there(grad), there(x), there(scale), there(weight), there(m), there(v), 1e-5, own);
        expect_close(std::get<0>(d), std::get<0>(g), 1e-3);
        expect_close(std::get<1>(d), std::get<1>(g), 1e-3);
        expect_close(std::get<2>(d), std::get<2>(g), 1e-3);
        expect_close(std::get<3>(d), std::get<3>(g), 1e-3);
      }
}

TEST_F(CudaAdapters, ExpandBlockNumbersAlike) {
  for (const int64_t k : {1, 4})
    for (const int64_t d : {0, 1, 25}) {
      SCOPED_TRACE(testing::Message() << d << " destinations, k " << k);
      const Tensor destinations = at::randperm(60).narrow(0, 0, d).to(at::kInt).contiguous(),
                   type = at::randint(3, {d, k}).to(at::kByte);
      Tensor index = at::randint(60, {d, k}, at::kInt);
      if (d > 2) index.select(0, 2).fill_(-1);
      const Tensor local = at::full({60}, -1, at::kInt), d_local = there(local.clone());
      const auto expected = expand_block(destinations, index, type, local);
      const auto found = expand_block_cuda(there(destinations), there(index), there(type), d_local);
      const int64_t count = std::get<1>(expected).item<int64_t>(), edges = std::get<2>(expected)[d].item<int64_t>();
      expect_equal(std::get<0>(found).narrow(0, 0, count), std::get<0>(expected).narrow(0, 0, count));
      expect_equal(std::get<1>(found), std::get<1>(expected));
      expect_equal(std::get<2>(found), std::get<2>(expected));
      expect_equal(std::get<3>(found).narrow(0, 0, edges), std::get<3>(expected).narrow(0, 0, edges));
      expect_equal(std::get<4>(found).narrow(0, 0, edges), std::get<4>(expected).narrow(0, 0, edges));
      expect_equal(std::get<5>(found), std::get<5>(expected));
      expect_equal(std::get<6>(found).narrow(0, 0, edges), std::get<6>(expected).narrow(0, 0, edges));
      expect_equal(std::get<7>(found).narrow(0, 0, edges), std::get<7>(expected).narrow(0, 0, edges));
      EXPECT_EQ(std::get<0>(found).size(0), std::get<0>(expected).size(0));
      expect_equal(d_local, at::full({60}, -1, at::kInt));
    }
}

}  // namespace
}  // namespace graphsieve::ops
