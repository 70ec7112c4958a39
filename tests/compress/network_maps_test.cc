// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/network_maps.h"

#include "compress_testing.h"
#include "graphsieve/base/error.h"
#include "graphsieve/nn/forward_options.h"

namespace graphsieve {
namespace {

TEST(NetworkMaps, AreTheNetwork) {
  const torch::NoGradGuard no_grad;
  for (const std::string kind : kWide)
    for (const int64_t heads : {1, 2})
      for (const int64_t pre : {0, 1}) {
        const auto c = random_case(kind, 8, heads, 3, pre, 1 + pre);
        EXPECT_LT(apart(c->traced.logits, c->network(c->input, ForwardOptions())), 2e-5);
      }
}

TEST(NetworkMaps, GoBackIntoANetworkThatIsTheSame) {
  const torch::NoGradGuard no_grad;
  for (const std::string kind : kWide)
    for (const int64_t pre : {0, 1}) {
      const auto c = random_case(kind, 8, 2, 3, pre, 1 + pre);
      nn::Transformer back = network_of(c->maps, shape_of(c->maps, c->network->shape()), c->network, c->traced);
      EXPECT_LT(apart(back(c->input, ForwardOptions()), c->traced.logits), 2e-5);
      const Trace again = trace(maps_of(back), back->input()->outer(c->input).to(at::kDouble), c->input.layers, false);
      EXPECT_LT(apart(again.logits, c->traced.logits), 2e-5);
      // Its norms are at the graph's own statistics: training goes on from the same function.
      back->train();
      if (pre == 0) {
        EXPECT_LT(apart(back(c->input, ForwardOptions()), c->traced.logits), 2e-3);
      }
      nn::Transformer bilinear = with_attention_of(c->maps, c->network);
      EXPECT_LT(apart(bilinear(c->input, ForwardOptions()), c->traced.logits), 2e-5);
      const Trace same = trace(maps_of(bilinear), c->outer, c->input.layers, false);
      EXPECT_LT(apart(same.logits, c->traced.logits), 2e-5);
    }
}

TEST(NetworkMaps, OneLogitBecomesTwoAndComesBack) {
  const torch::NoGradGuard no_grad;
  const auto c = random_case("plain", 8, 1, 2);
  nn::TransformerShape shape = c->network->shape();
  shape.outputs = 2, shape.one_logit = true;
  nn::Transformer network(shape);
  nn::initialise(*network, 5);
  network->eval();
  const at::Tensor logits = network(c->input, ForwardOptions());
  NetworkMaps maps = maps_of(network);
  const Trace traced = trace(maps, network->input()->outer(c->input).to(at::kDouble), c->input.layers, false);
  EXPECT_LT(apart(traced.logits, logits), 2e-5);
  maps.output.back().bias += 1;  // of both logits: the probabilities are the same
  nn::Transformer back = network_of(maps, shape_of(maps, shape), network, traced);
  EXPECT_LT(apart(back(c->input, ForwardOptions()), logits), 2e-5);
}

TEST(NetworkMaps, OtherResidualPaths) {
  const torch::NoGradGuard no_grad;
  for (const nn::Skip skip : {nn::Skip::kLinear, nn::Skip::kNone}) {
    const auto c = random_case("exphormer", 8, 2, 2);
    nn::TransformerShape shape = c->network->shape();
    shape.skip = skip;
    nn::Transformer network(shape);
    nn::initialise(*network, 5);
    network->eval();
    const at::Tensor logits = network(c->input, ForwardOptions());
    const NetworkMaps maps = maps_of(network);
    const Trace traced = trace(maps, network->input()->outer(c->input).to(at::kDouble), c->input.layers, false);
    EXPECT_LT(apart(traced.logits, logits), 2e-5);
    nn::Transformer back = network_of(maps, shape_of(maps, shape), network, traced);
    EXPECT_LT(apart(back(c->input, ForwardOptions()), logits), 2e-5);
  }
}

TEST(NetworkMaps, RefusesNormsThatAreNoAffineMaps) {
  auto c = random_case("plain", 8, 1, 1);
  nn::TransformerShape shape = c->network->shape();
  shape.norm = nn::NormKind::kGraph;
  nn::Transformer network(shape);
  EXPECT_THROW(maps_of(network), Error);
}

}  // namespace
}  // namespace graphsieve
