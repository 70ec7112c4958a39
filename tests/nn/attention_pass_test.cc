// SPDX-License-Identifier: Apache-2.0
// The two forms in which a pass computes an attention, and the operations whose gradients are computed on all threads.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/nn/fan_out.h"
#include "graphsieve/nn/form_attention.h"
#include "graphsieve/nn/networks.h"
#include "graphsieve/nn/small_linear.h"

namespace graphsieve {
namespace {

using at::Tensor;
using nn::AttentionPass;

constexpr int64_t kSources = 40, kDestinations = 12, kEdgesPerNode = 7, kWidth = 16;

/// Edges of random types, by destination and by source, the edges of a destination sorted by type.
LayerEdges layer_edges() {
  torch::manual_seed(3);
  const Tensor index = at::randint(kSources, {kDestinations * kEdgesPerNode});
  const Tensor type = std::get<0>(at::randint(3, {kDestinations, kEdgesPerNode}).sort(1)).flatten();
  const Tensor destination = at::arange(kDestinations).repeat_interleave(kEdgesPerNode);
  const Tensor order = (index * 3 + type).argsort(true, 0);
  const Tensor t_row_start = at::cat({at::zeros({1}, at::kLong), at::bincount(index, {}, kSources).cumsum(0)});
  LayerEdges layer;
  layer.destinations = kDestinations;
  layer.edges = {at::arange(0, kDestinations * kEdgesPerNode + 1, kEdgesPerNode),
                 index.to(at::kInt),
                 type.to(at::kByte),
                 t_row_start,
                 destination.index_select(0, order).to(at::kInt),
                 type.index_select(0, order).to(at::kByte)};
  return layer;
}

std::shared_ptr<nn::FormAttentionImpl> attention(const std::string& network, int64_t heads = 1, int64_t key_width = 8) {
  nn::AttentionShape shape;
  shape.width = kWidth, shape.heads = heads, shape.key_width = key_width, shape.value_width = 12, shape.clamp = 5;
  auto made = std::make_shared<nn::FormAttentionImpl>(nn::network_kind(network).form, shape, 1.0);
  nn::initialise(*made, 1);
  return made;
}

struct Result {
  Tensor out, scores;
  std::vector<Tensor> gradients;  ///< of h and of every parameter
};

Result result_of(nn::AttentionImpl& attention, AttentionPass pass) {
  const LayerEdges layer = layer_edges();
  const Tensor h = at::randn({kSources, kWidth}, at::make_generator<at::CPUGeneratorImpl>(5)).requires_grad_();
  Result result;
  ForwardOptions options;
  options.temperature = 0.7;
  options.scores = [&](const Tensor& scores) { result.scores = scores; };
  result.out = attention.attend(h.narrow(0, 0, kDestinations), attention.source_rows(h, pass), layer, options, pass);
  attention.zero_grad();
  result.out.sin().sum().backward();
  result.gradients.push_back(h.grad());
  for (const Tensor& p : attention.parameters()) result.gradients.push_back(p.grad().clone());
  return result;
}

double difference(const Tensor& a, const Tensor& b) { return ((a - b).abs() / (1 + b.abs())).max().item<double>(); }

TEST(AttentionPass, BothFormsGiveTheSameOutputsScoresAndGradients) {
  for (const char* network : {"spexphormer", "exphormer", "plain"}) {
    SCOPED_TRACE(network);
    const auto made = attention(network);
    const Result usual = result_of(*made, AttentionPass::kUsual), absorbed = result_of(*made, AttentionPass::kAbsorbed);
    EXPECT_LT(difference(absorbed.out, usual.out), 1e-5);
    EXPECT_LT(difference(absorbed.scores, usual.scores), 1e-5);
    ASSERT_EQ(absorbed.gradients.size(), usual.gradients.size());
    for (size_t i = 0; i < usual.gradients.size(); ++i)
      EXPECT_LT(difference(absorbed.gradients[i], usual.gradients[i]), 2e-5) << "gradient " << i;
  }
}

TEST(AttentionPass, IsChosenByTheSizesOfTheLayer) {
  const ForwardOptions options;
  const auto pass = [&](nn::AttentionImpl& made, int64_t sources, int64_t destinations) {
    return made.pass_for(at::empty({sources, kWidth}), destinations, options);
  };
  const auto made = attention("spexphormer");
  made->train();
  EXPECT_EQ(pass(*made, 150, 100), AttentionPass::kAbsorbed);
  EXPECT_EQ(pass(*made, 149, 100), AttentionPass::kUsual);
  // In evaluation a node's output must not depend on the other nodes of the pass.
  made->eval();
  EXPECT_EQ(pass(*made, 100, 100), AttentionPass::kAbsorbed);
  const auto two_heads = attention("spexphormer", 2), estimator = attention("estimator", 1, 12);
  for (const auto& usual : {two_heads, estimator}) {
    EXPECT_EQ(pass(*usual, 1000, 100), AttentionPass::kUsual);
    usual->eval();
    EXPECT_EQ(pass(*usual, 1000, 100), AttentionPass::kUsual);
  }
}

TEST(FanOut, AddsTheGradientsOfAllUses) {
  const int before = num_threads();
  for (const auto type : {at::kFloat, at::kDouble}) {
    const Tensor h = at::randn({9000, 5}, type).requires_grad_();
    const Tensor a = at::randn({9000, 5}, type), b = at::randn({700, 5}, type), c = at::randn({9000, 5}, type);
    const auto gradient = [&](bool of_ours) {
      std::vector<Tensor> use{h, h.narrow(0, 0, 700), h};
      if (of_ours) use = nn::fan_out(h, {9000, 700, 9000});
      h.mutable_grad().reset();
      ((use[0] * a).sum() + (use[1].sin() * b).sum() + (use[2].exp() * c).sum()).backward();
      return h.grad().clone();
    };
    const Tensor expected = gradient(false);
    Tensor first;
    for (const int threads : {1, 2, 4}) {
      set_num_threads(threads);
      const Tensor ours = gradient(true);
      EXPECT_LT(difference(ours, expected), type == at::kFloat ? 1e-6 : 1e-14);
      if (!first.defined()) first = ours;
      EXPECT_TRUE(ours.equal(first));
    }
  }
  set_num_threads(before);
}

TEST(SmallLinear, AgreesWithTorch) {
  for (const bool with_bias : {false, true}) {
    const Tensor x = at::randn({3, 7}, at::kDouble).requires_grad_(),
                 w = at::randn({5, 7}, at::kDouble).requires_grad_();
    const Tensor b = with_bias ? at::randn({5}, at::kDouble).requires_grad_() : Tensor();
    const auto gradients = [&](const Tensor& y) {
      y.sin().sum().backward();
      std::vector<Tensor> all{y.detach(), x.grad().clone(), w.grad().clone()};
      if (with_bias) all.push_back(b.grad().clone());
      for (const Tensor& t : {x, w, b})
        if (t.defined()) t.mutable_grad().reset();
      return all;
    };
    const auto ours = gradients(nn::small_linear(x, w, b, 0.3));
    const auto expected = gradients(at::linear(x, w, with_bias ? std::optional(b) : std::nullopt) * 0.3);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_LT(difference(ours[i], expected[i]), 1e-12) << i;
  }
}

TEST(PickedRows, AgreesWithIndexSelect) {
  const Tensor h = at::randn({3000, 5}).requires_grad_();
  const Tensor rows = at::randperm(3000).narrow(0, 0, 1700).to(at::kInt), factor = at::randn({1700, 5});
  const auto gradient = [&](const Tensor& picked) {
    h.mutable_grad().reset();
    (picked * factor).sum().backward();
    return h.grad().clone();
  };
  const Tensor ours = nn::picked_rows(h, rows), expected = h.index_select(0, rows);
  EXPECT_TRUE(ours.equal(expected));
  EXPECT_TRUE(gradient(ours).equal(gradient(expected)));
}

/// Parts that nothing uses have no gradient, and a gradient that something else holds stays as it was.
TEST(FanOut, UnusedPartsAndHeldGradients) {
  const Tensor h = at::randn({30, 4}).requires_grad_();
  nn::fan_out(h, {30, 10, 10})[1].sum().backward();
  EXPECT_TRUE(h.grad().equal(at::cat({at::ones({10, 4}), at::zeros({20, 4})})));
  h.mutable_grad().reset();
  const Tensor held = at::ones({30, 4});
  const auto use = nn::fan_out(h, {30, 10});
  torch::autograd::backward({use[0], use[1]}, {held, at::ones({10, 4})});
  EXPECT_TRUE(h.grad().equal(at::cat({at::full({10, 4}, 2), at::ones({20, 4})})));
  EXPECT_TRUE(held.equal(at::ones({30, 4})));
}

}  // namespace
}  // namespace graphsieve
