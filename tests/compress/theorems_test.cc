// SPDX-License-Identifier: Apache-2.0
// Each construction against the statement of its theorem ("A Theory for Compressibility of Graph Transformers"), on
// small random networks.
#include <cmath>

#include "compress_testing.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/cluster.h"
#include "graphsieve/compress/jl_matrix.h"
#include "graphsieve/compress/leverage.h"
#include "graphsieve/compress/subspace.h"
#include "graphsieve/nn/forward_options.h"

namespace graphsieve {
namespace {

using at::Tensor;

double relative(const Tensor& a, const Tensor& b) { return apart(a, b) / b.abs().max().item<double>(); }

// Corollary 3.2: P(|(Mx)·(My) − x·y| > ε‖x‖‖y‖) <= 4 exp(−d(ε² − ε³)/4), over 200 matrices.
TEST(JlMatrix, FailsNoMoreOftenThanTheLemmaSays) {
  torch::manual_seed(1);
  constexpr int64_t kFrom = 64, kDraws = 200, kPairs = 20;
  const Tensor x = at::randn({kPairs, kFrom}, at::kDouble), y = x + at::randn({kPairs, kFrom}, at::kDouble);
  const Tensor exact = (x * y).sum(1), size = x.norm(2, {1}) * y.norm(2, {1});
  for (const bool sign : {false, true})
    for (const int64_t d : {16, 32, 64}) {
      std::vector<Tensor> errors;
      for (int64_t t = 0; t < kDraws; ++t) {
        const Tensor m = jl_matrix(d, kFrom, sign, random_key(9, d, t));
        errors.push_back(((x.mm(m.t()) * y.mm(m.t())).sum(1) - exact).abs() / size);
      }
      const Tensor error = at::stack(errors);
      for (const double epsilon : {0.3, 0.5}) {
        const double bound = 4 * std::exp(-static_cast<double>(d) * (std::pow(epsilon, 2) - std::pow(epsilon, 3)) / 4);
        const Tensor share = (error > epsilon).to(at::kDouble).mean(0);
        EXPECT_LE(share.max().item<double>(), bound) << d << " " << epsilon;
      }
    }
}

TEST(JlMatrix, ErrorFallsAsOneOverRootD) {
  torch::manual_seed(1);
  const Tensor x = at::randn({50, 64}, at::kDouble), y = at::randn({50, 64}, at::kDouble);
  for (const bool sign : {false, true}) {
    std::vector<double> log_d, log_error;
    for (const int64_t d : {4, 8, 16, 32, 64}) {
      double sum = 0;
      for (int64_t t = 0; t < 50; ++t) {
        const Tensor m = jl_matrix(d, 64, sign, random_key(2, d, t));
        sum += ((x.mm(m.t()) * y.mm(m.t())).sum(1) - (x * y).sum(1)).square().mean().item<double>();
      }
      log_d.push_back(std::log(d)), log_error.push_back(std::log(sum) / 2);
    }
    double slope = 0, scale = 0;
    const double mid = std::log(16);
    for (size_t i = 0; i < log_d.size(); ++i)
      slope += (log_d[i] - mid) * log_error[i], scale += std::pow(log_d[i] - mid, 2);
    EXPECT_NEAR(slope / scale, -0.5, 0.05);
  }
}

TEST(Jl, NarrowsQueriesAndKeysAndNothingElse) {
  for (const std::string kind : kWide) {
    auto c = random_case(kind, 16, 2, 2);
    c->options.method = "jl", c->options.width = 8, c->options.tries = 5;
    const Compression found = compress_jl(c->task());
    EXPECT_EQ(found.maps.layers[0].key.size(1), 4);
    EXPECT_TRUE(found.attention_alone);
    EXPECT_TRUE(at::equal(found.maps.layers[1].ffn_out, c->maps.layers[1].ffn_out));
    EXPECT_TRUE(found.promise["vacuous"].get<bool>());  // 4 dimensions per head are too few for the union bound
    EXPECT_FALSE(found.assumption["holds"].get<bool>());
    EXPECT_GT(found.assumption["width_asked_per_head"].get<double>(), 4);
    const double one = found.promise["layers"][0]["largest_logit_error"];
    c->options.tries = 1;  // more tries never choose worse
    EXPECT_LE(one, compress_jl(c->task()).promise["layers"][0]["largest_logit_error"].get<double>());
    c->options.width = 16;
    EXPECT_THROW(compress_jl(c->task()), Error);
    c->options.width = 7;
    EXPECT_THROW(compress_jl(c->task()), Error);
  }
}

// Theorem 3.3 where its width is given: few different inputs, a large epsilon, and heads that are wider than the
// theorem asks for. Equal inputs count once.
TEST(Jl, HoldsWhereTheWidthSuffices) {
  auto c = class_case("plain", 400, 1, 1, 3);
  c->options.width = 300, c->options.epsilon = 0.35, c->options.tries = 2;
  const Compression found = compress_jl(c->task());
  EXPECT_EQ(found.promise["layers"][0]["distinct_inputs"], 3);
  EXPECT_EQ(found.promise["pairs"], 9);
  EXPECT_NEAR(found.assumption["width_asked_per_head"].get<double>(), jl_width(9, 0.35), 1e-9);
  EXPECT_TRUE(found.assumption["holds"].get<bool>());
  EXPECT_LE(found.promise["epsilon_of_this_width"].get<double>(), 0.35);
  EXPECT_LE(found.promise["layers"][0]["largest_relative_error"].get<double>(), 0.35);
  const double ratio = found.promise["layers"][0]["attention_ratio_bound"].get<double>();
  const Tensor factor = c->traced.layers[0].scores / c->after(found.maps).layers[0].scores;
  EXPECT_LE(factor.max().item<double>(), ratio);
  EXPECT_GE(factor.min().item<double>(), 1 / ratio);
  c->options.width = static_cast<int64_t>(jl_width(9, 0.35)) - 1;  // one too few
  EXPECT_FALSE(compress_jl(c->task()).assumption["holds"].get<bool>());
}

TEST(Exact, IsExactWhereTheRanksAllow) {
  for (const std::string kind : kWide)
    for (const int64_t heads : {1, 2}) {
      auto c = class_case(kind, 16, heads, 3, 4);
      c->options.width = 4;
      const Compression found = compress_exact(c->task());
      const LayerMaps& first = found.maps.layers[0];
      EXPECT_EQ(found.maps.width(), 4);
      EXPECT_EQ(first.ffn_in.out(), 4);
      EXPECT_LE(first.key.size(1), 4);
      EXPECT_LE(first.value.size(1), 4);
      const Trace after = c->after(found.maps);
      EXPECT_LT(relative(after.logits, c->traced.logits), 1e-10);
      for (size_t l = 0; l < 3; ++l) EXPECT_LT(relative(after.layers[l].scores, c->traced.layers[l].scores), 1e-10);
      // and as a float32 network
      const torch::NoGradGuard no_grad;
      nn::Transformer narrow = network_of(found.maps, shape_of(found.maps, c->network->shape()), c->network, after);
      EXPECT_LT(relative(narrow(c->input, ForwardOptions()).to(at::kDouble), c->traced.logits), 1e-4);
    }
}

TEST(Exact, RefusesWhereTheyDoNot) {
  auto c = class_case("plain", 16, 1, 2, 4);
  c->options.width = 3;
  try {
    compress_exact(c->task());
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("has rank 4"), std::string::npos) << e.what();
  }
}

TEST(LowRank, IsExactAtTheRankAndBetterWithEveryDimension) {
  for (const std::string kind : kWide) {
    auto c = random_case(kind, 12, 2, 3);
    double before = std::numeric_limits<double>::infinity();
    for (const int64_t width : {4, 8, 11, 12}) {
      c->options.width = width;
      const Compression found = compress_low_rank(c->task());
      const double error = apart(c->after(found.maps).logits, c->traced.logits);
      EXPECT_LT(error, before);
      before = error;
      EXPECT_EQ(found.maps.layers[0].ffn_in.out(), c->maps.layers[0].ffn_in.out());
    }
    EXPECT_LT(before, 1e-10);
  }
}

TEST(LowRank, ErrorIsOfTheOrderOfEpsilon) {
  auto c = class_case("plain", 16, 1, 2, 4);
  const Tensor clean = c->outer, noise = at::randn_like(clean);
  std::vector<double> ratios;
  for (const double size : {1e-3, 1e-4, 1e-5}) {
    c->outer = clean + size * noise;
    c->trace_again();
    c->options.width = 4;
    const Compression found = compress_low_rank(c->task());
    const double epsilon = found.assumption["epsilon"];
    EXPECT_TRUE(found.assumption["holds"].get<bool>());
    EXPECT_LT(epsilon, 100 * size);
    const double error = (c->after(found.maps).logits - c->traced.logits).norm(2, {1}).max().item<double>();
    const auto bound = found.promise["output_error"];
    if (bound.is_number()) {
      EXPECT_LE(error, bound.get<double>());
    }
    ratios.push_back(error / epsilon);
  }
  EXPECT_LT(ratios[2], 3 * ratios[0]);
  EXPECT_LT(ratios[0], 100);
}

TEST(Leverage, UnitsSpanTheOthers) {
  torch::manual_seed(2);
  const Tensor units = at::randn({200, 3}, at::kDouble).mm(at::randn({3, 20}, at::kDouble));
  const Spectrum s = spectrum(units);
  EXPECT_EQ(s.rank(), 3);
  const Units picked = leverage_units(s, 3, 8, 4);
  EXPECT_LT(apart(units.index_select(1, picked.picked).mm(picked.lift.t()), units), 1e-9);
}

// §C.3.1: all entries 1/√D, and ε on the diagonal. One row rebuilds every column but its own to within O(ε).
TEST(Leverage, CounterExampleOfThePaper) {
  constexpr int64_t kSize = 100;
  constexpr double kEpsilon = 1e-3;
  const Tensor h =
      at::full({kSize, kSize}, 1 / std::sqrt(1.0 * kSize), at::kDouble) + kEpsilon * at::eye(kSize, at::kDouble);
  const Spectrum s = spectrum(h);
  EXPECT_LE(distances(h, s.leading(1)).max().item<double>(), kEpsilon);
  const Units one = leverage_units(s, 1, leverage_count(1), 11);
  EXPECT_EQ(one.picked.numel(), 1);
  const Tensor error = (h.index_select(1, one.picked).mm(one.lift.t()) - h).norm(2, {1});
  EXPECT_EQ(error.le(2 * kEpsilon).sum().item<int64_t>(), kSize - 1);
  EXPECT_GT(error.max().item<double>(), 5 * kEpsilon);
}

TEST(Leverage, KeepsTheOutputsOfALowRankNetwork) {
  auto c = class_case("plain", 16, 1, 2, 4);
  c->options.width = 4;
  const Compression found = compress_leverage(c->task());
  EXPECT_EQ(found.maps.layers[0].ffn_in.out(), 6);  // ⌈4 ln 4⌉
  EXPECT_LT(relative(c->after(found.maps).logits, c->traced.logits), 1e-8);
  c->options.width = 12;  // 30 units of 20
  EXPECT_THROW(compress_leverage(c->task()), Error);
}

/// Three well-separated classes that stay so: values and FFN are small beside the skip paths.
std::unique_ptr<Case> planted(double noise, int64_t width = 16) {
  auto c = class_case("plain", width, 1, 2, 3);
  const Tensor corner = at::eye(width, at::kDouble).narrow(0, 0, 3);
  for (LayerMaps& m : c->maps.layers) {
    m.value = m.value * 0.05;
    m.attention_skip = {at::eye(width, at::kDouble), at::zeros({width}, at::kDouble)};
    m.attention_out = at::eye(width, at::kDouble);
    m.ffn_out = m.ffn_out * 0.1;
    m.ffn_skip = {at::eye(width, at::kDouble), at::zeros({width}, at::kDouble)};
  }
  c->maps.input = {at::eye(width, at::kDouble), at::zeros({width}, at::kDouble)};
  c->outer = corner.index_select(0, at::arange(60).remainder(3)) + noise * at::randn({60, width}, at::kDouble);
  c->trace_again();
  return c;
}

TEST(Cluster, HoldsOnAPlantedGraph) {
  for (const double noise : {1e-3, 1e-4}) {
    auto c = planted(noise);
    c->options.width = 4;
    const Compression found = compress_cluster(c->task());
    EXPECT_TRUE(found.assumption["holds"].get<bool>()) << found.assumption.dump(1);
    EXPECT_EQ(found.maps.layers[0].ffn_in.out(), 4);
    const Trace after = c->after(found.maps);
    EXPECT_LT(apart(after.logits, c->traced.logits), 30 * noise);
    for (size_t l = 0; l < 2; ++l) {
      const Tensor ratio = after.layers[l].scores / c->traced.layers[l].scores;
      EXPECT_LT((ratio - 1).abs().max().item<double>(), 30 * noise);
      // nearly one-hot: 1 + O(ε) for the cluster, exactly 0 for the others
      const Tensor units = after.layers[l].units;
      EXPECT_TRUE(units.gt(0).sum(1).eq(1).all().item<bool>());
      EXPECT_LT((std::get<0>(units.max(1)) - 1).abs().max().item<double>(), 100 * noise);
    }
  }
}

// The first condition of Theorem 4.4: the inputs have the full rank of 60 rows, far more than the width's share of them
// that lies near a subspace, and random matrices of a large width keep the dot products.
TEST(Cluster, HoldsWithRandomMatricesInTheFirstLayer) {
  constexpr double kNoise = 1e-3;  // per number: 0.02 of a row's length
  auto c = planted(kNoise, 512);
  c->options.width = 400, c->options.epsilon = 0.35, c->options.tries = 2, c->options.first_layer = "jl";
  const Compression found = compress_cluster(c->task());
  EXPECT_TRUE(found.assumption["holds"].get<bool>()) << found.assumption.dump(1);
  EXPECT_EQ(found.assumption["pairs"], 300 + 60 * 3);
  EXPECT_NEAR(found.assumption["width_asked"].get<double>(), jl_width(480, 0.35), 1e-9);
  EXPECT_LE(found.promise["first_dot_product_error"].get<double>(), 0.35);
  const LayerMaps& first = found.maps.layers[0];
  EXPECT_EQ(first.query.size(3), 512);  // the input stays wide
  for (const int64_t narrow : {first.key.size(1), first.value.size(1), first.attention_skip.out(), found.maps.width()})
    EXPECT_EQ(narrow, 400);
  const Trace after = c->after(found.maps);
  const double error = (after.logits - c->traced.logits).norm(2, {1}).max().item<double>();
  EXPECT_LE(error, found.promise["output_error"].get<double>());
  EXPECT_LT(error, 0.2 * c->traced.logits.norm(2, {1}).max().item<double>());
  EXPECT_TRUE(after.layers[0].units.gt(0).sum(1).eq(1).all().item<bool>());
  c->options.width = 300;  // fewer than the union bound asks for
  EXPECT_FALSE(compress_cluster(c->task()).assumption["holds"].get<bool>());
}

TEST(Cluster, NetworkWithWideInputsComputesTheMaps) {
  const torch::NoGradGuard no_grad;
  for (const std::string kind : kWide)
    for (const int64_t pre_layers : {0, 1}) {
      auto c = random_case(kind, 12, 2, 2, pre_layers);
      c->options.width = 4, c->options.first_layer = "jl";
      const Compression found = compress_cluster(c->task());
      const Trace after = c->after(found.maps);
      const nn::TransformerShape shape = shape_of(found.maps, c->network->shape());
      EXPECT_EQ(shape.width, 4);
      EXPECT_EQ(shape.first_width, 12);
      nn::Transformer narrow = network_of(found.maps, shape, c->network, after);
      EXPECT_LT(relative(narrow(c->input, ForwardOptions()).to(at::kDouble), after.logits), 1e-4);
      const torch::AutoGradMode gradients(true);  // all rows at once instead of blocks of rows
      EXPECT_LT(relative(narrow(c->input, ForwardOptions()).detach().to(at::kDouble), after.logits), 1e-4);
    }
}

TEST(Cluster, SaysWhereItDoesNotHold) {
  auto c = random_case("plain", 12, 1, 2);
  c->options.width = 4;
  EXPECT_FALSE(compress_cluster(c->task()).assumption["holds"].get<bool>());
}

TEST(Clusters, FindsPlantedOnes) {
  torch::manual_seed(8);
  const Tensor centre = at::randn({5, 7}, at::kDouble) * 4;
  const Tensor x = centre.index_select(0, at::arange(100).remainder(5)) + 0.01 * at::randn({100, 7}, at::kDouble);
  const Clusters found = clusters_of(x, 5);
  EXPECT_EQ(found.centre.size(0), 5);
  for (int64_t i = 5; i < 100; ++i)
    EXPECT_EQ(found.member_of[i].item<int64_t>(), found.member_of[i % 5].item<int64_t>());
  EXPECT_LT(found.radius, 0.1);
  EXPECT_EQ(clusters_of(at::ones({10, 3}, at::kDouble), 4).centre.size(0), 1);  // no more than there are
}

TEST(Bounds, AsTheFormulasSay) {
  EXPECT_NEAR(jl_width(1e6, 0.1), 4 * std::log(4e6) / 0.009, 1e-9);
  for (const double width : {1000., 5000.}) EXPECT_NEAR(jl_width(1e6, jl_epsilon(1e6, width)), width, 1e-6 * width);
  EXPECT_EQ(jl_epsilon(1e6, 64), 0);  // no epsilon is large enough
  EXPECT_EQ(distinct_rows(at::tensor({1., 2., 1., 2., 3., 4.}, at::kDouble).view({3, 2})), 2);
  EXPECT_NEAR(operator_norm(at::tensor({3., 0., 0., -4.}, at::kDouble).view({2, 2})), 4, 1e-12);
}

TEST(Fitted, IsExactAtFullWidth) {
  for (const std::string kind : kWide)
    for (const int64_t heads : {1, 2}) {
      auto c = random_case(kind, 8, heads, 2, 1);
      c->options.width = 8 * heads;  // a head's share of the width is then the stream's
      c->options.units = 12;
      c->options.part = "network";
      const Compression found = compress_fitted(c->task());
      EXPECT_LT(relative(c->after(found.maps).logits, c->traced.logits), 1e-3);
    }
}

TEST(Fitted, FarCloserThanRandomMatricesForQueriesAndKeys) {
  for (const std::string kind : kWide) {
    auto c = random_case(kind, 16, 1, 3);
    c->options.width = 4;
    const double random = apart(c->after(compress_jl(c->task()).maps).logits, c->traced.logits);
    c->options.part = "attention";
    const double fitted = apart(c->after(compress_fitted(c->task()).maps).logits, c->traced.logits);
    EXPECT_LT(fitted, random / 5);
  }
}

TEST(Fitted, BetterWithEveryDoubling) {
  auto c = random_case("spexphormer", 16, 2, 3, 1);
  double before = std::numeric_limits<double>::infinity();
  for (const int64_t width : {2, 4, 8, 16}) {
    c->options.width = width;
    const Compression found = compress_fitted(c->task());
    EXPECT_EQ(found.maps.width(), width);
    const double error = (c->after(found.maps).logits - c->traced.logits).norm().item<double>();
    EXPECT_LT(error, before);
    before = error;
  }
}

}  // namespace
}  // namespace graphsieve
