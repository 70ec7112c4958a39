// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/absorbed_attention/absorbed_attention.h"

#include <limits>
#include <tuple>

#include "attention_testing.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using ops::AttentionEdges;

struct Form {
  int64_t heads, width;
  bool query_per_type;
  double clamp = kNoClamp;
  double negative_slope = 1;
};

std::ostream& operator<<(std::ostream& to, const Form& f) {
  return to << "heads " << f.heads << " width " << f.width << (f.query_per_type ? " a query per type" : " one query")
            << " clamp " << f.clamp << " slope " << f.negative_slope;
}

struct AbsorbedInputs {
  Tensor query, rows, type_bias, grad;

  AbsorbedInputs to(at::ScalarType type, at::ScalarType sums) const {
    return {query.to(type), rows.to(type), type_bias.to(sums), grad.to(type)};
  }
};

/// Logits of a standard deviation about 1.5.
AbsorbedInputs absorbed_inputs(const TypedGraph& g, const Form& f, at::ScalarType type = at::kFloat) {
  const int64_t queries = f.query_per_type ? g.types : 1;
  const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
  return {random_tensor({g.destinations, f.heads, queries, f.width}, type) * (1.5 / std::sqrt(f.width)),
          random_tensor({g.sources, f.width}, type, 2), random_tensor({g.types, f.heads}, sums, 3) * 0.5,
          random_tensor({g.destinations, f.heads, f.width}, type, 4)};
}

const char* const kAbsorbedResults[] = {"out", "log_sum", "scores", "query", "rows", "type_bias"};

/// out, log_sum, scores and the three gradients.
Tensors absorbed_results(const AbsorbedInputs& in, const AttentionEdges& edges, const Form& f) {
  const auto leaf = [](const Tensor& t) { return t.detach().requires_grad_(); };
  const Tensor query = leaf(in.query), rows = leaf(in.rows), bias = leaf(in.type_bias);
  auto [out, log_sum] = ops::absorbed_attention(query, rows, edges, bias, f.clamp, f.negative_slope);
  const Tensor scores =
      ops::absorbed_attention_scores(in.query, in.rows, edges, in.type_bias, f.clamp, log_sum, f.negative_slope);
  out.backward(in.grad);
  return {out.detach(), finite(log_sum), scores, query.grad(), rows.grad(), bias.grad()};
}

void expect_results(const Tensors& ours, const Tensors& exact, double tolerance, const std::string& what) {
  for (size_t i = 0; i < exact.size(); ++i)
    expect_close(ours[i], exact[i], tolerance, what + " " + kAbsorbedResults[i]);
}

/// The same attention in plain tensor operations, edge by edge: the oracle.
Tensors by_tensor_operations(const AbsorbedInputs& in, const TypedGraph& g, const Form& f) {
  const auto leaf = [](const Tensor& t) { return t.to(at::kDouble).detach().requires_grad_(); };
  const Tensor query = leaf(in.query), rows = leaf(in.rows), bias = leaf(in.type_bias);
  const Tensor degree = g.edges.row_start.diff();
  const Tensor destination = at::repeat_interleave(at::arange(g.destinations), degree, 0);
  const Tensor source = g.edges.index.to(at::kLong), type = g.edges.type.to(at::kLong);
  const Tensor which = f.query_per_type ? type : at::zeros_like(type);
  const Tensor q = query.permute({0, 2, 1, 3}).index({destination, which});  // [edges, heads, width]
  const Tensor raw = (q * rows.index({source}).unsqueeze(1)).sum(2) + bias.index({type});
  const Tensor bent = at::where(raw < 0, raw * f.negative_slope, raw);
  Tensor logit = bent.clamp(-f.clamp, f.clamp);
  if (g.edges.log_weight) logit = logit + g.edges.log_weight->unsqueeze(1);
  const Tensor power = logit.exp();
  const Tensor total = at::zeros({g.destinations, f.heads}, at::kDouble).index_add(0, destination, power);
  const Tensor p = power / total.index({destination});
  const Tensor out = at::zeros({g.destinations, f.heads, f.width}, at::kDouble)
                         .index_add(0, destination, p.unsqueeze(2) * rows.index({source}).unsqueeze(1));
  out.backward(in.grad.to(at::kDouble));
  return {out.detach(), finite(total.detach().log()), p.detach(), query.grad(), rows.grad(), bias.grad()};
}

void expect_exact(const TypedGraph& g, const Form& f, double tolerance = 1e-4) {
  const AbsorbedInputs in = absorbed_inputs(g, f);
  const Tensors exact = by_tensor_operations(in, g, f);
  for_each_target([&](const std::string& target) {
    expect_results(absorbed_results(in, g.edges, f), exact, tolerance, str(f, " ", target));
  });
}

TEST(AbsorbedAttention, MatchesTensorOperations) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (const int64_t width : {1, 3, 4, 8, 16, 20, 32, 64, 100, 128, 256})
    for (const int64_t heads : {1, 2, 4})
      for (const bool per_type : {false, true}) expect_exact(g, {heads, width, per_type});
  for (const Form& f : {Form{1, 32, true, 8}, Form{4, 16, true, 0.5}, Form{2, 64, false, 1}, Form{1, 64, true, 2, 0.2}})
    expect_exact(g, f);
}

TEST(AbsorbedAttention, Float64MatchesTensorOperations) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (const bool per_type : {false, true}) {
    const Form f{3, 5, per_type, 1.5, 0.3};
    const AbsorbedInputs in = absorbed_inputs(g, f, at::kDouble);
    expect_results(absorbed_results(in, g.edges, f), by_tensor_operations(in, g, f), 1e-12, str(f));
  }
}

/// What comes out is rounded to 8 bits; gradients also feel the rounding of `out`, which the backward pass reads.
TEST(AbsorbedAttention, HalfPrecisionMatchesTensorOperations) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (const int64_t width : {7, 16, 64, 128})
    for (const int64_t heads : {1, 2}) {
      const Form f{heads, width, true, 8};
      const AbsorbedInputs in = absorbed_inputs(g, f, at::kBFloat16);
      const Tensors exact = by_tensor_operations(in, g, f);
      for_each_target([&](const std::string& target) {
        const Tensors ours = absorbed_results(in, g.edges, f);
        for (size_t i = 0; i < ours.size(); ++i)
          expect_close(ours[i], exact[i],
                       i == 0  ? 4e-3
                       : i < 3 ? 1e-4
                               : 5e-2,
                       str(f, " ", target, " ", kAbsorbedResults[i]));
      });
    }
}

TEST(AbsorbedAttention, WeightsOfEdges) {
  TypedGraph g = random_typed_graph(kDegrees, 40, 3, true);
  g.edges.log_weight = random_tensor({g.edges.index.size(0)}, at::kFloat, 9);
  for (const int64_t heads : {1, 3}) expect_exact(g, {heads, 32, true, 8});
}

/// Long rows are cut into pieces, both by destination and by source.
TEST(AbsorbedAttention, LongRows) {
  std::vector<int64_t> degrees(30, 3);
  degrees[4] = 40000;
  const TypedGraph hub = random_typed_graph(degrees, 50, 3, true);
  expect_exact(hub, {2, 16, true, 8});
  std::vector<TypedEdge> edges = random_edges(std::vector<int64_t>(20000, 2), 3, 3, true);
  expect_exact(typed_graph_of(edges, 20000, 3, 3), {2, 16, true, 8}, 2e-4);
}

/// Without a transpose, the graph is its own.
TEST(AbsorbedAttention, SymmetricGraph) {
  std::vector<TypedEdge> edges;
  for (int32_t i = 0; i < 30; ++i)
    for (int32_t j = 0; j < 30; ++j)
      if ((i * j + i + j) % 7 == 0) edges.push_back({i, j, static_cast<uint8_t>(i == j ? 2 : (i + j) % 2)});
  std::stable_sort(edges.begin(), edges.end(), [](const TypedEdge& a, const TypedEdge& b) {
    return std::tie(a.destination, a.type) < std::tie(b.destination, b.type);
  });
  const TypedGraph g = typed_graph_of(edges, 30, 30, 3);
  const Form f{2, 16, true, 8};
  const AbsorbedInputs in = absorbed_inputs(g, f);
  AttentionEdges alone{g.edges.row_start, g.edges.index, g.edges.type, {}, {}, {}};
  expect_results(absorbed_results(in, alone, f), by_tensor_operations(in, g, f), 1e-4, "symmetric");
}

/// The absorbed form of an attention with maps gives what sparse_attention gives.
TEST(AbsorbedAttention, IsSparseAttentionWithItsMapsMoved) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3, true);
  const int64_t width = 16, heads = 2, d = 6;
  const auto exact = [](at::IntArrayRef shape, uint64_t key) { return random_tensor(shape, at::kDouble, key); };
  const Tensor h = exact({g.sources, width}, 1), h_to = exact({g.destinations, width}, 2);
  const Tensor w_q = exact({heads * d, width}, 3) * 0.3, w_k = exact({heads * d, width}, 4) * 0.3;
  const Tensor w_v = exact({heads * d, width}, 5), scale = exact({g.types, heads * d}, 6),
               bias = exact({g.types, heads}, 7);
  const Tensor q = h_to.matmul(w_q.t());
  const Tensor key_value = at::cat({h.matmul(w_k.t()), h.matmul(w_v.t())}, 1);
  const Tensor plain = std::get<0>(ops::sparse_attention(q, key_value, g.edges, scale, bias, heads, 8));
  // [destinations, types, heads, d] times [heads, d, width]
  const Tensor scaled = (q.unsqueeze(1) * scale.unsqueeze(0)).view({g.destinations, g.types, heads, d});
  const Tensor query = at::einsum("nthd,hdw->nhtw", {scaled, w_k.view({heads, d, width})});
  const Tensor pooled = std::get<0>(ops::absorbed_attention(query, h, g.edges, bias, 8));
  const Tensor moved =
      at::einsum("nhw,hdw->nhd", {pooled, w_v.view({heads, d, width})}).reshape({g.destinations, heads * d});
  expect_close(moved, plain, 1e-12, "absorbed");
}

TEST(AbsorbedAttention, SameBitsAtAnyNumberOfThreads) {
  std::vector<int64_t> degrees(3000, 9);
  degrees[7] = 30000;
  const TypedGraph g = random_typed_graph(degrees, 500, 3, true);
  const Form f{2, 32, true, 8};
  const AbsorbedInputs in = absorbed_inputs(g, f);
  expect_same_at_any_thread_count([&] { return absorbed_results(in, g.edges, f); });
}

TEST(AbsorbedAttention, RefusesWhatDoesNotFit) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  const AbsorbedInputs in = absorbed_inputs(g, {2, 8, true});
  const auto call = [&](const Tensor& query, const Tensor& rows, const Tensor& bias, double clamp = 1) {
    return [=, &g] { ops::absorbed_attention(query, rows, g.edges, bias, clamp); };
  };
  expect_error(call(in.query.flatten(1), in.rows, in.type_bias),
               {"query must be [destinations, heads, queries, width]"});
  expect_error(call(in.query.narrow(2, 0, 2), in.rows, in.type_bias), {"must have 1 query or 3, one per type, got 2"});
  expect_error(call(in.query, in.rows.narrow(1, 0, 7), in.type_bias), {"rows must be Float [sources, 8]"});
  expect_error(call(in.query, in.rows, in.type_bias.narrow(1, 0, 1)), {"type_bias must be Float [types, 2]"});
  expect_error(call(in.query, in.rows, in.type_bias, 0), {"clamp must be positive, got 0"});
  expect_error(call(in.query.to(at::kHalf), in.rows, in.type_bias), {"query must be float32, bfloat16 or float64"});
}

}  // namespace
}  // namespace graphsieve
