// SPDX-License-Identifier: Apache-2.0
// The bounds of compress/node_bounds.h on random networks: no error exceeds its bound, and where a theorem's assumption
// holds, bounds are often close to the errors.
#include "graphsieve/compress/node_bounds.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "compress_testing.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/edge_logits.h"
#include "graphsieve/compress/jl_matrix.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int64_t kWidth = 10, kUnits = 14;

/// What a random network looks like.
struct Drawn {
  int64_t layers, heads, maps, span;  ///< span: number of dimensions that the input has, noise aside
  double gain, noise, clamp;          ///< size of the maps beside the skip paths; size of the noise
};

Drawn drawn_network() {
  const int64_t seed = *rc::gen::inRange(0, 1 << 30);
  torch::manual_seed(seed);
  Drawn d;
  d.layers = *rc::gen::inRange(1, 4), d.heads = *rc::gen::inRange(1, 3), d.maps = *rc::gen::element(1, 3);
  d.span = *rc::gen::inRange(2, 5);
  d.gain = *rc::gen::element(0.02, 0.1, 0.4), d.noise = *rc::gen::element(1e-4, 1e-2, 0.1);
  d.clamp = *rc::gen::element(1e300, 2.0);
  return d;
}

/// A case whose maps are random; its network is not used.
std::unique_ptr<Case> case_of(const Drawn& d) {
  auto c = random_case("plain", kWidth, 1, d.layers);
  const auto map = [](at::IntArrayRef shape) {
    return at::randn(shape, at::kDouble) / std::sqrt(static_cast<double>(shape.back()));
  };
  const int64_t key = 4, value = 5;
  for (LayerMaps& m : c->maps.layers) {
    m.query = map({d.heads, d.maps, key, kWidth}), m.query_bias = 0.1 * map({d.heads, d.maps, key});
    m.key = map({d.heads, key, kWidth}), m.key_bias = 0.1 * map({d.heads, key});
    m.value = map({d.heads, value, kWidth}), m.value_bias = 0.1 * map({d.heads, value});
    m.type_bias = map({3, d.heads}), m.clamp = d.clamp;
    m.attention_out = d.gain * map({kWidth, d.heads * value});
    m.attention_skip = {at::eye(kWidth, at::kDouble) + 0.3 * d.gain * map({kWidth, kWidth}),
                        0.1 * d.gain * map({kWidth})};
    m.ffn_in = {d.gain * map({kUnits, kWidth}), map({kUnits})};  // units near those of the bias alone: of low rank
    m.ffn_out = d.gain * map({kWidth, kUnits});
    m.ffn_skip = {at::eye(kWidth, at::kDouble) + 0.3 * d.gain * map({kWidth, kWidth}), 0.1 * d.gain * map({kWidth})};
  }
  c->maps.input = identity_map(kWidth);
  c->maps.output = {{map({3, kWidth}), map({3})}};
  c->outer = map({120, d.span}).mm(map({d.span, kWidth})) * 2 + d.noise * map({120, kWidth});
  c->trace_again();
  return c;
}

Tensor errors_of(const Case& c, const NetworkMaps& narrow) {
  return (c.after(narrow).logits - c.traced.logits).norm(2, {1});
}

void expect_bounded(const Tensor& error, const NetworkBound& bound) {
  RC_ASSERT((error <= bound.outputs + 1e-9).all().item<bool>());
}

/// Counts how often a bound is within ten times of the error among networks for which the assumption holds.
struct Tightness {
  int held = 0, close = 0;
  void add(const Compression& found, const Tensor& error) {
    if (!found.assumption["holds"].get<bool>()) return;
    ++held;
    close += found.promise["output_error"].get<double>() < 10 * error.max().item<double>();
  }
  void check() const {
    EXPECT_GE(held, 8);  // about 30 of the 100 networks
    EXPECT_GE(close, held / 10);
  }
};

TEST(NodeBounds, LowRank) {
  Tightness tight;
  EXPECT_TRUE(rc::check([&] {
    auto c = case_of(drawn_network());
    c->options.width = *rc::gen::inRange<int64_t>(2, kWidth + 1);
    const Compression found = compress_low_rank(c->task());
    const Tensor error = errors_of(*c, found.maps);
    expect_bounded(error,
                   carried_bound(c->maps, c->traced, c->input.layers, principal_bases(c->traced, c->options.width)));
    RC_ASSERT(found.promise["vacuous"].get<bool>() ==
              !(found.promise["output_error"].get<double>() < c->traced.logits.norm(2, {1}).max().item<double>()));
    tight.add(found, error);
  }));
  tight.check();
}

TEST(NodeBounds, Leverage) {
  EXPECT_TRUE(rc::check([&] {
    auto c = case_of(drawn_network());
    c->options.width = *rc::gen::inRange<int64_t>(2, 6), c->options.tries = 2;
    const Compression found = compress_leverage(c->task());
    RC_ASSERT(errors_of(*c, found.maps).max().item<double>() <= found.promise["output_error"].get<double>() + 1e-9);
  }));
}

TEST(NodeBounds, AttentionRatiosAndLogits) {
  EXPECT_TRUE(rc::check([&] {
    auto c = case_of(drawn_network());
    c->options.width = *rc::gen::inRange<int64_t>(2, kWidth);
    const Compression found = compress_low_rank(c->task());
    const Trace after = c->after(found.maps);
    for (size_t l = 0; l < after.layers.size(); ++l) {
      const double bound = found.promise["attention_ratio"][l].is_number()
                               ? found.promise["attention_ratio"][l].get<double>()
                               : std::numeric_limits<double>::infinity();
      const Tensor ratio = c->traced.layers[l].scores / after.layers[l].scores;
      RC_ASSERT(ratio.max().item<double>() <= bound * (1 + 1e-9));
      RC_ASSERT(ratio.min().item<double>() >= (1 - 1e-9) / bound);
    }
  }));
}

/// Clusters that stay apart, with skip paths, so that the theorem's assumption can hold.
TEST(NodeBounds, Clusters) {
  Tightness tight;
  EXPECT_TRUE(rc::check([&] {
    Drawn d = drawn_network();
    auto c = case_of(d);
    const int64_t clusters = *rc::gen::inRange<int64_t>(2, 5);
    const Tensor corner =
        (1 + at::rand({clusters, 1}, at::kDouble)) * at::eye(kWidth, at::kDouble).narrow(0, 0, clusters);
    const double noise = *rc::gen::element(1e-4, 1e-3, 1e-2);
    c->outer =
        corner.index_select(0, at::arange(120).remainder(clusters)) + noise * at::randn({120, kWidth}, at::kDouble);
    c->trace_again();
    c->options.width = clusters + *rc::gen::inRange<int64_t>(0, 3);
    c->options.first_layer = *rc::gen::weightedElement<std::string>({{2, "subspace"}, {1, "jl"}});
    const Compression found = compress_cluster(c->task());
    const Tensor error = errors_of(*c, found.maps);
    RC_ASSERT(error.max().item<double>() <= found.promise["output_error"].get<double>() + 1e-9);
    tight.add(found, error);
  }));
  tight.check();
}

/// The bound for inexact dot products, with the largest relative error that the random matrices have on the inputs that
/// the narrow network sees.
TEST(NodeBounds, DotProducts) {
  EXPECT_TRUE(rc::check([&] {
    auto c = case_of(drawn_network());
    NetworkMaps narrow = c->maps;
    const int64_t d = *rc::gen::element(2, 16, 256);
    const auto key = static_cast<uint64_t>(*rc::gen::inRange(0, 1000));
    for (size_t l = 0; l < narrow.layers.size(); ++l) {
      LayerMaps& m = narrow.layers[l];
      std::vector<Tensor> of_head;
      for (int64_t h = 0; h < m.heads(); ++h)
        of_head.push_back(jl_matrix(d, m.key.size(1), false, random_key(key, l, h)));
      const Tensor jl = at::stack(of_head);
      m.query = at::matmul(jl.unsqueeze(1), m.query);
      m.query_bias = at::matmul(jl.unsqueeze(1), m.query_bias.unsqueeze(3)).squeeze(3);
      m.key = at::matmul(jl, m.key);
      m.key_bias = at::matmul(jl, m.key_bias.unsqueeze(2)).squeeze(2);
    }
    const Trace after = c->after(narrow);
    double epsilon = 0;
    for (size_t l = 0; l < narrow.layers.size(); ++l)
      epsilon =
          std::max(epsilon, logit_errors(c->maps.layers[l], narrow.layers[l], after.layers[l].input, c->input.layers[l])
                                .largest_relative);
    const Tensor error = (after.logits - c->traced.logits).norm(2, {1});
    expect_bounded(error, dot_product_bound(c->maps, c->traced, c->input.layers, epsilon));
  }));
}

// Two layers by hand, in one dimension: mid and outputs are numbers that can be checked on paper.
TEST(NodeBounds, ByHand) {
  LayerMaps m;
  const auto one = [](double v) { return at::full({1, 1}, v, at::kDouble); };
  m.query = one(0).view({1, 1, 1, 1}), m.query_bias = at::zeros({1, 1, 1}, at::kDouble);
  m.key = one(0).view({1, 1, 1}), m.key_bias = at::zeros({1, 1}, at::kDouble);
  m.value = one(2).view({1, 1, 1}), m.value_bias = at::zeros({1, 1}, at::kDouble);
  m.type_bias = at::zeros({3, 1}, at::kDouble), m.clamp = std::numeric_limits<double>::infinity();
  m.attention_out = one(3), m.attention_skip = {one(5), at::zeros({1}, at::kDouble)};
  m.ffn_in = {one(7), at::zeros({1}, at::kDouble)}, m.ffn_out = one(11),
  m.ffn_skip = {one(13), at::zeros({1}, at::kDouble)};
  const std::vector<LayerEdges> edges = {layer_of(3, {{1, 2}, {0}, {}}, {{0, 0}, {0}, {}})};
  const NetworkMaps maps = {identity_map(1), {m}, {identity_map(1)}};
  const Trace traced = trace(maps, at::tensor({1., 2., 4.}, at::kDouble).view({3, 1}), edges, true);
  const Tensor error = at::tensor({.1, .2, .4}, at::kDouble);
  // Equal attention: 3 · 2 · mean of the sources' errors + 5 · the node's own error.
  const AttentionBound bound = attention_bound(m, traced.layers[0], edges[0], error);
  EXPECT_TRUE(at::allclose(bound.mid, at::tensor({6 * .3 + .5, 6 * .1 + 1., 2.}, at::kDouble)));
  EXPECT_EQ(bound.logits, 0);
  // Dot products of length 0 cannot be off; the whole layer then grows nothing.
  EXPECT_EQ(dot_product_bound(maps, traced, edges, 0.5).outputs.max().item<double>(), 0);
}

}  // namespace
}  // namespace graphsieve
