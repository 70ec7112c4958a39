// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <tuple>

#include "attention_testing.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using ops::AttentionEdges;

struct Shape {
  int64_t heads, key_width, value_width;
  double clamp;
  double negative_slope = 1;
  int64_t features = 0;  ///< features per edge
};

std::ostream& operator<<(std::ostream& to, const Shape& s) {
  return to << "heads " << s.heads << " key " << s.key_width << " value " << s.value_width << " clamp " << s.clamp
            << " slope " << s.negative_slope << " features " << s.features;
}

struct AttentionInputs {
  Tensor query, key_value, type_scale, type_bias, grad;
  Tensor features;  ///< undefined: edges have none

  AttentionInputs to(at::ScalarType rows, at::ScalarType sums) const {
    return {query.to(rows),     key_value.to(rows), type_scale.to(sums),
            type_bias.to(sums), grad.to(rows),      features.defined() ? features.to(rows) : Tensor()};
  }
  AttentionInputs doubles() const { return to(at::kDouble, at::kDouble); }
};

constexpr int64_t kFeatureRows = 25;

/// Gives each edge a row of features: several edges share a row, and some have zeros.
TypedGraph with_features(const std::vector<TypedEdge>& edges, int64_t destinations, int64_t sources, int types) {
  TypedGraph g = typed_graph_of(edges, destinations, sources, types);
  const auto rows = [&](bool by_source) {
    std::vector<size_t> order(edges.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto row = [&](size_t e) { return by_source ? edges[e].source : edges[e].destination; };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return row(a) < row(b); });
    std::vector<int32_t> found;
    for (const size_t e : order) found.push_back(static_cast<int32_t>(e * 7 % (kFeatureRows + 1)) - 1);
    return at::tensor(found);
  };
  g.edges.feature_row = rows(false), g.edges.t_feature_row = rows(true);
  return g;
}

/// Logits of a standard deviation about 1.5.
AttentionInputs inputs(const TypedGraph& g, const Shape& s, at::ScalarType type = at::kFloat) {
  const int64_t keys = s.heads * s.key_width, values = s.heads * s.value_width, edge = s.heads * s.features;
  const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
  return {random_tensor({g.destinations, keys + edge}, type),
          random_tensor({g.sources, keys + values}, type, 2),
          random_tensor({g.types, keys}, sums, 3) * (1.5 / std::sqrt(s.key_width)),
          random_tensor({g.types, s.heads}, sums, 4) * 0.5,
          random_tensor({g.destinations, values + edge}, type, 5),
          s.features > 0 ? random_tensor({kFeatureRows, s.features}, type, 6) * 0.5 : Tensor()};
}

const char* const kResults[] = {"out",       "log_sum",    "scores",    "query",
                                "key_value", "type_scale", "type_bias", "features"};

/// out, log_sum, scores and the gradients.
Tensors forward_backward(const AttentionInputs& in, AttentionEdges edges, const Shape& s) {
  const auto leaf = [](const Tensor& t) { return t.detach().requires_grad_(); };
  const Tensor query = leaf(in.query), key_value = leaf(in.key_value), scale = leaf(in.type_scale),
               bias = leaf(in.type_bias);
  if (in.features.defined()) edges.features = leaf(in.features);
  auto [out, log_sum] = ops::sparse_attention(query, key_value, edges, scale, bias, s.heads, s.clamp, s.negative_slope);
  const Tensor scores =
      ops::sparse_attention_scores(in.query, in.key_value, s.heads * s.value_width, edges, in.type_scale, in.type_bias,
                                   s.heads, s.clamp, log_sum, s.negative_slope);
  out.backward(in.grad);
  Tensors results{out.detach(), finite(log_sum), scores, query.grad(), key_value.grad(), scale.grad(), bias.grad()};
  if (edges.features) results.push_back(edges.features->grad());
  return results;
}

void expect_all_close(const Tensors& ours, const Tensors& exact, double tolerance, const std::string& what) {
  for (size_t i = 0; i < exact.size(); ++i) expect_close(ours[i], exact[i], tolerance, what + " " + kResults[i]);
}

/// The float64 path is the reference, on the same numbers.
void expect_reference(const TypedGraph& g, const Shape& s, double tolerance = 1e-4, at::ScalarType type = at::kFloat) {
  const AttentionInputs in = inputs(g, s, type);
  const Tensors exact = forward_backward(in.doubles(), g.edges, s);
  for_each_target([&](const std::string& target) {
    expect_all_close(forward_backward(in, g.edges, s), exact, tolerance, str(s, " ", target));
  });
}

const std::vector<int64_t> kHeads{1, 2, 3, 4, 8, 16};
const std::vector<int64_t> kWidths{1, 2, 3, 4, 5, 7, 8, 16, 20, 28, 32, 40, 64};

TEST(SparseAttention, AgreesWithReferenceForEveryShapeOnEveryTarget) {
  const double clamps[] = {8, 0.7, kNoClamp, 50};
  size_t turn = 0;
  for (int64_t heads : kHeads) {
    for (size_t w = 0; w < kWidths.size(); ++w) {
      const int types = 1 + static_cast<int>(turn % 5);
      const TypedGraph g = random_typed_graph(kDegrees, 40, types, turn % 2 == 0);
      expect_reference(g, {heads, kWidths[w], kWidths[w], clamps[turn % 4]});
      expect_reference(g, {heads, kWidths[w], kWidths[(w + 5) % kWidths.size()], clamps[(turn + 1) % 4], 0.2});
      ++turn;
    }
  }
}

TEST(SparseAttention, HubRowIsSplitIntoPieces) {
  const TypedGraph g = random_typed_graph({0, 3, 40000, 1, 20, 16385, 0}, 400, 3);
  for (const Shape& s : {Shape{4, 8, 8, 8}, Shape{1, 4, 4, 8}, Shape{3, 5, 7, kNoClamp}, Shape{2, 32, 16, 0.7}}) {
    expect_reference(g, s, 1e-3);
  }
}

TEST(SparseAttention, HubSourceIsSplitIntoPieces) {
  std::vector<TypedEdge> edges = random_edges({0, 3, 40000, 1, 20, 16385, 0}, 400, 3);
  for (TypedEdge& e : edges) std::swap(e.destination, e.source);
  const TypedGraph g = typed_graph_of(edges, 400, 7, 3);
  for (const Shape& s : {Shape{4, 8, 8, 8}, Shape{1, 4, 4, 8}, Shape{3, 5, 7, kNoClamp}, Shape{2, 32, 16, 0.7}}) {
    expect_reference(g, s, 1e-3);
  }
}

TEST(SparseAttention, FewerDestinationsThanSourcesAndTheOtherWayRound) {
  expect_reference(random_typed_graph({3, 0, 18, 1}, 1000, 3), {4, 16, 8, 8});
  expect_reference(random_typed_graph(std::vector<int64_t>(300, 5), 3, 2), {4, 16, 8, 8});
}

TEST(SparseAttention, WholeItemsOfManySmallRows) {
  std::vector<int64_t> degrees(3000);
  for (size_t i = 0; i < degrees.size(); ++i) degrees[i] = static_cast<int64_t>(i * 7 % 23);
  const TypedGraph g = random_typed_graph(degrees, 2000, 3, true);
  expect_reference(g, {4, 8, 8, 8}, 3e-4);
  expect_reference(g, {1, 4, 4, 8}, 3e-4);
}

/// What comes out is rounded to 8 bits; gradients also feel the rounding of `out`, which the backward pass reads.
TEST(SparseAttention, BFloat16RowsAgreeWithTheReferenceOnTheRoundedInputs) {
  // Equal widths of keys and values take the policies for common layouts, other widths take the general one.
  std::vector<Shape> shapes;
  for (int64_t heads : {1, 2, 3, 4, 8})
    for (int64_t width : {1, 4, 5, 8, 16, 24, 28, 32, 64})
      for (int64_t value : {width, (width + 6) / 2})
        shapes.push_back({heads, width, value, width % 2 ? 8.0 : kNoClamp});
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (const Shape& s : shapes) {
    const AttentionInputs in = inputs(g, s, at::kBFloat16);
    const Tensors exact = forward_backward(in.doubles(), g.edges, s);
    // The gradient of the scale sums products of wide rows with the rounded `out`.
    const double of_gradients = s.key_width == s.value_width && s.key_width >= 28 ? 7e-2 : 5e-2;
    for_each_target([&](const std::string& target) {
      const Tensors ours = forward_backward(in, g.edges, s);
      for (size_t i = 0; i < ours.size(); ++i)
        expect_close(ours[i], exact[i],
                     i == 0  ? 4e-3
                     : i < 3 ? 1e-4
                             : of_gradients,
                     str(s, " ", target, " ", kResults[i]));
    });
  }
}

TEST(SparseAttention, TakesStridedViews) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (auto type : {at::kFloat, at::kBFloat16}) {
    for (const Shape& s : {Shape{4, 8, 8, 8}, Shape{3, 5, 7, 8}, Shape{1, 1, 2, 8}}) {
      const AttentionInputs in = inputs(g, s, type);
      const auto widened = [](const Tensor& t) {
        Tensor wide = at::full({t.size(0), t.size(1) + 5}, 1e9, t.options());
        wide.narrow(1, 3, t.size(1)).copy_(t);
        return wide.narrow(1, 3, t.size(1));
      };
      const Tensors packed = forward_backward(in, g.edges, s);
      AttentionInputs view = in;
      view.query = widened(in.query), view.key_value = widened(in.key_value), view.grad = widened(in.grad);
      Tensors ours = forward_backward(view, g.edges, s);
      for (size_t i = 0; i < ours.size(); ++i) expect_same_bits(ours[i], packed[i], str(s, " ", kResults[i]));
      view.query = in.query.t().contiguous().t(), view.key_value = in.key_value.t().contiguous().t();
      ours = forward_backward(view, g.edges, s);
      for (size_t i = 0; i < ours.size(); ++i) expect_same_bits(ours[i], packed[i], str(s, " ", kResults[i]));
    }
  }
}

/// Edges among seven nodes in both directions, sorted by destination, type and source: the graph is its own transpose.
std::vector<TypedEdge> symmetric_edges() {
  std::vector<TypedEdge> edges;
  for (const TypedEdge& e : random_edges({0, 5, 17, 40, 2, 1, 9}, 7, 3)) {
    edges.push_back(e);
    edges.push_back({e.source, e.destination, e.type});
  }
  std::sort(edges.begin(), edges.end(), [](const TypedEdge& a, const TypedEdge& b) {
    return std::tuple(a.destination, a.type, a.source) < std::tuple(b.destination, b.type, b.source);
  });
  return edges;
}

/// With the transpose left out, a symmetric graph gives the results of the reference with it.
void expect_no_transpose_needed(const TypedGraph& g) {
  const Shape s{4, 8, 4, 8};
  const AttentionInputs in = inputs(g, s);
  AttentionEdges half = g.edges;
  half.t_row_start.reset(), half.t_index.reset(), half.t_type.reset();
  expect_all_close(forward_backward(in, half, s), forward_backward(in.doubles(), g.edges, s), 1e-4, "symmetric");
}

TEST(SparseAttention, SymmetricGraphNeedsNoTranspose) {
  expect_no_transpose_needed(typed_graph_of(symmetric_edges(), 7, 7, 3));
}

/// The reference, in float64, is compared with torch's operations below.
TEST(SparseAttention, FeaturesOfEdgesOnEveryTarget) {
  size_t turn = 0;
  const double clamps[] = {8, 0.7, kNoClamp};
  for (int64_t heads : kHeads)
    for (int64_t features : {1, 3, 4, 8, 13}) {
      const int types = 1 + static_cast<int>(turn % 3);
      const auto edges = random_edges(kDegrees, 40, types, turn % 2 == 0);
      const TypedGraph g = with_features(edges, std::ssize(kDegrees), 40, types);
      const int64_t width = kWidths[turn * 5 % kWidths.size()];
      expect_reference(g, {heads, width, turn % 3 ? width : 7, clamps[turn % 3], turn % 4 ? 1 : 0.2, features});
      ++turn;
    }
}

TEST(SparseAttention, FeaturesOfTheEdgesOfHubs) {
  std::vector<TypedEdge> edges = random_edges({0, 3, 40000, 1, 20, 16385, 0}, 400, 3);
  for (int turn = 0; turn < 2; ++turn) {
    const TypedGraph g = with_features(edges, turn ? 400 : 7, turn ? 7 : 400, 3);
    for (const Shape& s : {Shape{4, 8, 8, 8, 1, 8}, Shape{1, 4, 4, kNoClamp, 1, 3}, Shape{3, 5, 7, kNoClamp, 1, 2}})
      expect_reference(g, s, 2e-3);
    for (TypedEdge& e : edges) std::swap(e.destination, e.source);
  }
}

TEST(SparseAttention, FeaturesOfEdgesInBFloat16) {
  const TypedGraph g = with_features(random_edges(kDegrees, 40, 3), std::ssize(kDegrees), 40, 3);
  for (int64_t heads : {1, 2, 4, 8})
    for (int64_t width : {4, 8, 16, 64}) {
      const Shape s{heads, width, width, 8, 1, 5};
      const AttentionInputs in = inputs(g, s, at::kBFloat16);
      const Tensors exact = forward_backward(in.doubles(), g.edges, s);
      for_each_target([&](const std::string& target) {
        const Tensors ours = forward_backward(in, g.edges, s);
        const double tolerance = width == 64 ? 0.1 : 6e-2;  // sums of products of wide rows with the rounded `out`
        for (size_t i = 0; i < ours.size(); ++i)
          expect_close(ours[i], exact[i], tolerance, str(s, " ", target, " ", kResults[i]));
      });
    }
}

TEST(SparseAttention, DropoutOnEveryTarget) {
  size_t turn = 0;
  for (int64_t heads : kHeads)
    for (double p : {0.1, 0.6}) {
      const auto edges = random_edges(kDegrees, 40, 3, turn % 2 == 0);
      TypedGraph g = turn % 3 ? with_features(edges, std::ssize(kDegrees), 40, 3)
                              : typed_graph_of(edges, std::ssize(kDegrees), 40, 3);
      g.edges.dropout = p, g.edges.dropout_key = static_cast<int64_t>(turn) - 3;
      const int64_t width = kWidths[turn * 5 % kWidths.size()];
      expect_reference(g, {heads, width, turn % 3 ? width : 7, turn % 2 ? 8 : kNoClamp, 1, turn % 3 ? 3 : 0});
      ++turn;
    }
}

/// A share of the edges' values is dropped, whole edges in no order, and what stays is scaled: the mean over the keys
/// is the attention without dropout.
TEST(SparseAttention, DropoutIsRightInTheMean) {
  TypedGraph g = random_typed_graph({200, 3000, 50}, 40, 1);
  const Shape s{2, 4, 4, 8};
  const AttentionInputs in = inputs(g, s);
  const auto out = [&] {
    return std::get<0>(ops::sparse_attention(in.query, in.key_value, g.edges, in.type_scale, in.type_bias, 2, 8));
  };
  const Tensor exact = out();
  g.edges.dropout = 0.3;
  Tensor sum = at::zeros_like(exact), first;
  constexpr int kKeys = 3000;
  for (int key = 0; key < kKeys; ++key) {
    g.edges.dropout_key = key;
    const Tensor drawn = out();
    if (key == 0) first = drawn;
    sum += drawn;
  }
  EXPECT_FALSE(first.equal(exact));
  g.edges.dropout_key = 0;
  expect_same_bits(out(), first, "the same key");
  expect_close(sum / kKeys, exact, 2e-2, "mean");
  g.edges.dropout = 1;
  EXPECT_THROW(out(), c10::Error);
}

/// Both directions of an edge have one row, so that neither a transpose nor its rows are needed.
TEST(SparseAttention, FeaturesOfASymmetricGraph) {
  const std::vector<TypedEdge> edges = symmetric_edges();
  TypedGraph g = typed_graph_of(edges, 7, 7, 3);
  std::vector<int32_t> rows;
  for (const TypedEdge& e : edges) rows.push_back((e.source * e.destination + e.type) % kFeatureRows);
  g.edges.feature_row = at::tensor(rows);
  const Shape s{4, 8, 4, 8, 1, 6};
  const AttentionInputs in = inputs(g, s);
  AttentionEdges half = g.edges;
  half.t_row_start.reset(), half.t_index.reset(), half.t_type.reset();
  expect_all_close(forward_backward(in, half, s), forward_backward(in.doubles(), half, s), 1e-4, "symmetric");
  EXPECT_THROW(forward_backward(in, g.edges, s), c10::Error) << "edges by source have no rows of features";
}

TEST(SparseAttention, RefusesFeaturesThatDoNotFit) {
  TypedGraph g = with_features(random_edges(kDegrees, 40, 3), std::ssize(kDegrees), 40, 3);
  const Shape s{2, 4, 4, 8, 1, 3};
  const AttentionInputs in = inputs(g, s);
  const auto expect_refused = [&](const AttentionEdges& edges, const Tensor& features) {
    AttentionInputs wrong = in;
    wrong.features = features;
    EXPECT_THROW(forward_backward(wrong, edges, s), c10::Error);
  };
  expect_refused(g.edges, in.features.to(at::kDouble));
  expect_refused(g.edges, in.features.narrow(1, 0, 2));
  expect_refused(g.edges, in.features.select(1, 0));
  expect_refused(g.edges, Tensor());
  AttentionEdges without = g.edges;
  without.feature_row.reset();
  expect_refused(without, in.features);
  without = g.edges;
  without.feature_row = g.edges.feature_row->to(at::kLong);
  expect_refused(without, in.features);
  without.feature_row = g.edges.feature_row->narrow(0, 0, 5);
  expect_refused(without, in.features);
}

/// An edge of weight m is as m edges, in every result but the scores, which the m edges share.
TEST(SparseAttention, WeightsAreAsRepeatedEdges) {
  for (const bool sorted : {false, true})
    for (const Shape& s :
         {Shape{1, 16, 16, INFINITY}, Shape{1, 3, 5, 2}, Shape{4, 8, 4, 8}, Shape{3, 5, 7, 0.5}, Shape{20, 2, 2, 8}})
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble}) {
        const std::vector<TypedEdge> once = random_edges(kDegrees, 40, 3, sorted);
        std::vector<TypedEdge> repeated;
        std::vector<float> log_weight;
        for (size_t e = 0; e < once.size(); ++e) {
          const int times = 1 + static_cast<int>(e * 7 % 3);
          log_weight.push_back(std::log(static_cast<float>(times)));
          repeated.insert(repeated.end(), times, once[e]);
        }
        TypedGraph g = typed_graph_of(once, std::ssize(kDegrees), 40, 3);
        const TypedGraph r = typed_graph_of(repeated, std::ssize(kDegrees), 40, 3);
        g.edges.log_weight = at::tensor(log_weight);
        const AttentionInputs in = inputs(g, s, type);
        const Tensors exact = forward_backward(in.doubles(), r.edges, s);
        for_each_target([&](const std::string& target) {
          const Tensors ours = forward_backward(in, g.edges, s);
          for (size_t i = 0; i < exact.size(); ++i) {
            if (std::string(kResults[i]) == "scores") continue;
            expect_close(ours[i], exact[i], type == at::kBFloat16 ? 3e-2 : 1e-4, str(s, " ", target, " ", kResults[i]));
          }
          // The scores of a row sum to 1.
          const Tensor rows = at::repeat_interleave(g.edges.row_start.diff());
          const Tensor sums = at::zeros({g.destinations, s.heads}, ours[2].options()).index_add(0, rows, ours[2]);
          EXPECT_LT((sums - g.edges.row_start.diff().gt(0).unsqueeze(1).to(sums.dtype())).abs().max().item<double>(),
                    1e-4);
        });
      }
}

TEST(SparseAttention, WeightsOfASymmetricGraph) {
  const std::vector<TypedEdge> edges = symmetric_edges();
  std::vector<float> log_weight;
  // Edges that are equal have equal weights, and the two directions of an edge have different ones.
  for (const TypedEdge& e : edges)
    log_weight.push_back(0.1f * static_cast<float>(e.source) - 0.3f * static_cast<float>(e.destination % 3));
  TypedGraph g = typed_graph_of(edges, 7, 7, 3);
  g.edges.log_weight = at::tensor(log_weight);
  expect_no_transpose_needed(g);
}

/// The formula in torch's operations, for edges by destination.
Tensor plain_attention(const AttentionInputs& in, const TypedGraph& g, const Shape& s) {
  const Tensor start = g.edges.row_start;
  const Tensor to = at::repeat_interleave(at::arange(g.destinations), start.diff());
  const Tensor from = g.edges.index.to(at::kLong), type = g.edges.type.to(at::kLong);
  const int64_t keys = s.heads * s.key_width;
  const auto per_head = [&](const Tensor& t) { return t.view({t.size(0), s.heads, -1}); };
  const Tensor k = per_head(in.key_value.narrow(1, 0, keys).index_select(0, from));
  const Tensor v = per_head(in.key_value.slice(1, keys).index_select(0, from));
  const Tensor q = per_head(in.query.narrow(1, 0, keys).index_select(0, to));
  const Tensor scale = per_head(in.type_scale.index_select(0, type));
  Tensor raw = (q * k * scale).sum(-1) + in.type_bias.index_select(0, type), x;
  if (in.features.defined()) {
    const Tensor with_zeros = at::cat({at::zeros({1, s.features}, in.features.options()), in.features});
    x = with_zeros.index_select(0, g.edges.feature_row->to(at::kLong) + 1).unsqueeze(1);
    raw = raw + (per_head(in.query.slice(1, keys).index_select(0, to)) * x).sum(-1);
  }
  const Tensor logit = at::leaky_relu(raw, s.negative_slope).clamp(-s.clamp, s.clamp);
  const Tensor e = logit.exp();
  const Tensor sum = at::zeros({g.destinations, s.heads}, e.options()).index_add(0, to, e);
  const Tensor p = e / sum.index_select(0, to);
  const Tensor out =
      at::zeros({g.destinations, s.heads, s.value_width}, e.options()).index_add(0, to, p.unsqueeze(-1) * v);
  if (!x.defined()) return out.view({g.destinations, -1});
  const Tensor means =
      at::zeros({g.destinations, s.heads, s.features}, e.options()).index_add(0, to, p.unsqueeze(-1) * x);
  return at::cat({out.view({g.destinations, -1}), means.view({g.destinations, -1})}, 1);
}

TEST(SparseAttention, AgreesWithTheFormulaInTorchOperations) {
  const TypedGraph without = random_typed_graph(kDegrees, 40, 3);
  const TypedGraph with = with_features(random_edges(kDegrees, 40, 3), std::ssize(kDegrees), 40, 3);
  for (const Shape& s : {Shape{4, 5, 3, 0.7}, Shape{4, 5, 3, 8}, Shape{4, 5, 3, 8, 0.2}, Shape{4, 5, 3, 0.5, 0.3},
                         Shape{4, 5, 3, 8, 1, 3}, Shape{2, 5, 3, 0.7, 0.2, 4}}) {
    const TypedGraph& g = s.features > 0 ? with : without;
    const AttentionInputs in = inputs(g, s, at::kDouble);
    AttentionInputs leaves = in;
    for (Tensor* t : {&leaves.query, &leaves.key_value, &leaves.type_scale, &leaves.type_bias, &leaves.features}) {
      if (t->defined()) *t = t->detach().clone().requires_grad_();
    }
    const Tensor out = plain_attention(leaves, g, s);
    out.backward(in.grad);
    const Tensors ours = forward_backward(in, g.edges, s);
    expect_close(ours[0], out, 1e-12, "out");
    expect_close(ours[3], leaves.query.grad(), 1e-12, "query");
    expect_close(ours[4], leaves.key_value.grad(), 1e-12, "key_value");
    expect_close(ours[5], leaves.type_scale.grad(), 1e-12, "type_scale");
    expect_close(ours[6], leaves.type_bias.grad(), 1e-12, "type_bias");
    if (s.features > 0) expect_close(ours[7], leaves.features.grad(), 1e-12, "features");
  }
}

TEST(SparseAttention, ExampleOfTheHeader) {
  const auto floats = [](std::vector<float> v, int64_t columns) { return at::tensor(v).view({-1, columns}); };
  const TypedGraph g = typed_graph_of({{0, 1, 0}, {0, 2, 0}}, 3, 3, 1);
  const Tensor out = std::get<0>(ops::sparse_attention(floats({1, 0, 0}, 1), floats({0, 0, 0, 4, std::log(3.f), 8}, 2),
                                                       g.edges, at::ones({1, 1}), at::zeros({1, 1}), 1, kNoClamp));
  expect_close(out, floats({7, 0, 0}, 1), 1e-6);
}

TEST(SparseAttention, Gradients) {
  const TypedGraph g = random_typed_graph({0, 1, 4, 7}, 5, 2);
  for (const Shape& s : {Shape{1, 3, 2, kNoClamp}, Shape{2, 2, 3, 0.9}}) {
    const AttentionInputs in = inputs(g, s, at::kDouble);
    expect_gradients(
        [&](const Tensors& t) {
          return std::get<0>(ops::sparse_attention(t[0], t[1], g.edges, t[2], t[3], s.heads, s.clamp));
        },
        {in.query, in.key_value, in.type_scale, in.type_bias});
  }
}

TEST(SparseAttention, OnlyWantedGradients) {
  const TypedGraph g = with_features(random_edges(kDegrees, 40, 3), std::ssize(kDegrees), 40, 3);
  const Shape s{4, 8, 8, 8, 1, 4};
  for (auto type : {at::kFloat, at::kDouble}) {
    const AttentionInputs in = inputs(g, s, type);
    const Tensors all = forward_backward(in, g.edges, s);
    for (size_t wanted = 0; wanted < 5; ++wanted) {
      Tensors leaves{in.query, in.key_value, in.type_scale, in.type_bias, in.features};
      for (Tensor& t : leaves) t = t.detach().clone();
      leaves[wanted].requires_grad_();
      AttentionEdges edges = g.edges;
      edges.features = leaves[4];
      std::get<0>(ops::sparse_attention(leaves[0], leaves[1], edges, leaves[2], leaves[3], s.heads, s.clamp))
          .backward(in.grad);
      for (size_t i = 0; i < 5; ++i) EXPECT_EQ(leaves[i].grad().defined(), i == wanted);
      expect_close(leaves[wanted].grad(), all[3 + wanted], 1e-5, kResults[3 + wanted]);
    }
  }
}

TEST(SparseAttention, LogSumIsNotDifferentiableAndScoresSumToOne) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  const Shape s{2, 8, 4, 8};
  const AttentionInputs in = inputs(g, s);
  const Tensor query = in.query.detach().requires_grad_();
  EXPECT_FALSE(
      std::get<1>(ops::sparse_attention(query, in.key_value, g.edges, in.type_scale, in.type_bias, s.heads, s.clamp))
          .requires_grad());
  const Tensor scores = forward_backward(in, g.edges, s)[2];
  EXPECT_GE(scores.min().item<float>(), 0);
  const Tensor to = at::repeat_interleave(at::arange(g.destinations), g.edges.row_start.diff());
  const Tensor sums = at::zeros({g.destinations, s.heads}).index_add(0, to, scores);
  expect_close(sums, (g.edges.row_start.diff() > 0).to(at::kFloat).unsqueeze(1).expand_as(sums), 1e-5);
}

TEST(SparseAttention, LargeLogitsNeitherOverflowNorVanish) {
  const TypedGraph g = random_typed_graph(kDegrees, 40, 3);
  for (double clamp : {40.0, 41.0, kNoClamp}) {
    const Shape s{4, 8, 8, clamp};
    for (double bias : {-1000.0, 0.0, 1000.0}) {
      AttentionInputs in = inputs(g, s);
      in.type_scale = in.type_scale * 100, in.type_bias = in.type_bias + bias;
      const Tensors exact = forward_backward(in.doubles(), g.edges, s);
      for_each_target([&](const std::string& target) {
        const Tensors ours = forward_backward(in, g.edges, s);
        for (const Tensor& t : ours) EXPECT_TRUE(t.isfinite().all().item<bool>()) << target;
        expect_close(ours[0], exact[0], 2e-2, str("clamp ", clamp, " bias ", bias, " ", target));
      });
    }
  }
}

TEST(SparseAttention, NoEdgesAndNoRows) {
  const Shape s{4, 8, 4, 8};
  for (int64_t rows : {0, 3}) {
    const TypedGraph g = random_typed_graph(std::vector<int64_t>(rows, 0), 2, 3);
    const Tensors ours = forward_backward(inputs(g, s), g.edges, s);
    EXPECT_EQ(ours[0].size(0), rows);
    for (size_t i : {0, 3, 4, 5, 6}) EXPECT_TRUE((ours[i] == 0).all().item<bool>()) << kResults[i];
  }
}

TEST(SparseAttention, SameBitsAtAnyThreadCount) {
  std::vector<int64_t> degrees(2000, 11);
  degrees[700] = 40000;
  const TypedGraph g = random_typed_graph(degrees, 1500, 3, true);
  for (const Shape& s : {Shape{4, 8, 8, 8}, Shape{1, 4, 4, kNoClamp}, Shape{3, 5, 7, 8}}) {
    for (auto type : {at::kFloat, at::kBFloat16}) {
      const AttentionInputs in = inputs(g, s, type);
      expect_same_at_any_thread_count([&] { return forward_backward(in, g.edges, s); });
    }
  }
}

TEST(SparseAttention, ShapeFunction) {
  const auto meta = [](at::IntArrayRef shape, at::ScalarType type) {
    return at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(type));
  };
  const AttentionEdges edges{meta({8}, at::kLong), meta({30}, at::kInt), meta({30}, at::kByte), {}, {}, {}};
  for (auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
    const Tensor query = meta({7, 12}, type), key_value = meta({9, 20}, type);
    const Tensor scale = meta({3, 12}, sums), bias = meta({3, 4}, sums);
    const auto [out, log_sum] = ops::sparse_attention(query, key_value, edges, scale, bias, 4, 8);
    EXPECT_TRUE(out.is_meta());
    EXPECT_EQ(out.sizes(), (std::vector<int64_t>{7, 8}));
    EXPECT_EQ(out.scalar_type(), type);
    EXPECT_EQ(log_sum.sizes(), (std::vector<int64_t>{7, 4}));
    EXPECT_EQ(log_sum.scalar_type(), sums);
    const Tensor scores = ops::sparse_attention_scores(query, key_value, 8, edges, scale, bias, 4, 8, log_sum);
    EXPECT_EQ(scores.sizes(), (std::vector<int64_t>{30, 4}));
    EXPECT_EQ(scores.scalar_type(), sums);
  }
}

/// Expects an error of a call that is right but for what `spoil` changes.
void expect_refused(const std::function<void(AttentionInputs&, AttentionEdges&, Shape&)>& spoil,
                    const std::vector<std::string>& parts) {
  const TypedGraph g = random_typed_graph({3, 2, 0}, 5, 2);
  Shape s{2, 4, 3, 8};
  AttentionInputs in = inputs(g, s);
  AttentionEdges edges = g.edges;
  spoil(in, edges, s);
  expect_error(
      [&] {
        ops::sparse_attention(in.query, in.key_value, edges, in.type_scale, in.type_bias, s.heads, s.clamp,
                              s.negative_slope);
      },
      parts);
}

TEST(SparseAttention, RefusesWrongRows) {
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.query = in.query.to(at::kInt); },
                 {"sparse_attention", "query", "Int"});
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.key_value = in.key_value.to(at::kDouble); },
                 {"one type", "Double"});
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.query = in.query.view({3, 2, 4}); },
                 {"matrices", "[3, 2, 4]"});
  expect_refused([](auto&, auto&, Shape& s) { s.heads = 3; }, {"multiples of the 3 heads"});
  expect_refused([](auto&, auto&, Shape& s) { s.heads = 0; }, {"0 heads"});
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.key_value = in.key_value.narrow(1, 0, 8); },
                 {"values (0)"});
  expect_refused([](auto&, auto&, Shape& s) { s.clamp = 0; }, {"clamp must be positive", "0"});
  expect_refused([](auto&, auto&, Shape& s) { s.negative_slope = 0; }, {"negative_slope must be above 0", "0"});
}

TEST(SparseAttention, RefusesWrongEdges) {
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.row_start = e.row_start.to(at::kInt); },
                 {"row_start", "int64", "Int"});
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.row_start = e.row_start.slice(0, 1); },
                 {"row_start", "4", "3"});
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.index = e.index.to(at::kLong); }, {"index", "int32", "Long"});
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.type = e.type.slice(0, 1); }, {"type", "[5]", "[4]"});
}

TEST(SparseAttention, RefusesWrongTypeTables) {
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.type_scale = in.type_scale.slice(1, 1); },
                 {"type_scale", "[types, 8]", "[2, 7]"});
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.type_bias = in.type_bias.slice(0, 1); },
                 {"type_bias", "[2, 2]", "[1, 2]"});
  expect_refused([](AttentionInputs& in, auto&, auto&) { in.type_bias = in.type_bias.to(at::kDouble); },
                 {"type_bias", "Float", "Double"});
}

TEST(SparseAttention, BackwardRefusesARectangleWithoutItsTranspose) {
  const TypedGraph g = random_typed_graph({3, 2, 0}, 5, 2);
  const Shape s{2, 4, 3, 8};
  AttentionEdges half = g.edges;
  half.t_row_start.reset();
  expect_error([&] { forward_backward(inputs(g, s), half, s); }, {"transpose", "3 destinations", "5 sources"});
}

TEST(SparseAttention, RefusesWeightsThatDoNotFit) {
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.log_weight = at::zeros({4}); }, {"log_weight", "[5]", "[4]"});
  expect_refused([](auto&, AttentionEdges& e, auto&) { e.log_weight = at::zeros({5}, at::kDouble); },
                 {"log_weight", "float32", "Double"});
}

}  // namespace
}  // namespace graphsieve
