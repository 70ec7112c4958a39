// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/choose_k.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/sampling/kept_mass.h"
#include "graphsieve/sampling/spectral_error.h"

namespace graphsieve {
namespace {

using at::Tensor;

struct Notes : Observer {
  void note(const std::string& text) override { all += text + "\n"; }
  bool stop_requested() override { return stop; }
  std::string all;
  bool stop = false;
};

constexpr int64_t kFewNodes = 60;

/// Every node but the first hears 20 others; layer 1 has sharper scores than layer 0.
struct Problem {
  explicit Problem(int64_t degree_of_first = 20) {
    torch::manual_seed(6);
    std::vector<int64_t> start{0};
    std::vector<Tensor> sources, sharp, soft;
    for (int64_t i = 0; i < kFewNodes; ++i) {
      const int64_t degree = i == 0 ? degree_of_first : 20;
      sources.push_back(std::get<0>(at::randperm(kFewNodes).narrow(0, 0, degree).sort()));
      const Tensor logits = at::randn({degree});
      soft.push_back(logits.softmax(0)), sharp.push_back((3 * logits).softmax(0));
      start.push_back(start.back() + degree);
    }
    const Tensor index = at::cat(sources).to(at::kInt);
    edges = {at::tensor(start, at::kLong), index, at::zeros_like(index, at::kByte), {}, {}, {}};
    scores = {at::cat(soft), at::cat(sharp)};
    asked.epsilon = 0.2;
  }
  std::vector<ChosenK> choose() {
    return choose_k(asked, ScoredGraph(edges, scores, 2), sampler_of(sampler), 1, 0, notes);
  }

  ops::AttentionEdges edges;
  std::vector<Tensor> scores;
  EdgesPerNode asked;
  std::string sampler = "graph_reservoir";
  Notes notes;
};

TEST(ChooseK, TakesTheFirstWithinEpsilonOfTheMass) {
  Problem p;
  const auto layers = p.choose();
  ASSERT_EQ(layers.size(), 2u);
  for (int64_t l = 0; l < 2; ++l) {
    const auto mass = kept_mass(p.edges, p.scores[l], 20, sampler_of("graph_reservoir"), {1, 0, l});
    int64_t k = 1;
    while (1 - mass[k - 1] > 0.2) ++k;
    EXPECT_EQ(layers[l].chosen, k);
    EXPECT_NEAR(layers[l].left, 1 - mass[k - 1], 1e-12);
    EXPECT_EQ(layers[l].k.size(), 20u);
  }
  EXPECT_GT(layers[0].chosen, layers[1].chosen);
  EXPECT_EQ(k_of(layers), (std::vector<int64_t>{layers[0].chosen, layers[1].chosen}));
  EXPECT_NE(p.notes.all.find(str("layer 0: k = ", layers[0].chosen, " keeps 0.8")), std::string::npos) << p.notes.all;
  const auto json = epsilon_json(p.asked, "graph_reservoir", 0, layers, 1000);
  EXPECT_NEAR(json["edges_per_node_of_theorem"].get<double>(), std::log(1000.) / (p.asked.epsilon * p.asked.epsilon),
              1e-9);
  EXPECT_NEAR(edges_per_node_of_theorem(10000, 0.3, 0.5), std::log(10000.) / 0.045, 1e-9);
  EXPECT_EQ(json.at("layers").at(1).at("chosen"), layers[1].chosen);
  EXPECT_EQ(json.at("layers").at(1).at("within"), true);
}

TEST(ChooseK, StopsAtTheFirstWithinEpsilonOfTheNorm) {
  Problem p;
  p.asked.error = "operator_norm";
  p.sampler = "graph_max";
  for (const ChosenK& layer : p.choose()) {
    EXPECT_EQ(layer.k.back(), layer.chosen);
    for (size_t i = 0; i < layer.k.size(); ++i) EXPECT_EQ(layer.error[i] <= 0.2, layer.k[i] == layer.chosen);
    EXPECT_EQ(layer.left, layer.error.back());
  }
}

TEST(ChooseK, SaysWhereNoneIsWithin) {
  Problem p(7);  // of 7 edges, which larger k fill: with some of them twice the row is not the whole one's
  p.asked.epsilon = 1e-9;
  p.asked.error = "operator_norm";
  p.sampler = "graph_uniform";
  const auto layers = p.choose();
  EXPECT_EQ(layers[0].k, (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 20}));
  for (const ChosenK& layer : layers) {
    EXPECT_EQ(layer.left, *std::min_element(layer.error.begin(), layer.error.end()));
    EXPECT_GT(layer.left, 1e-9);
  }
  EXPECT_NE(p.notes.all.find("no k up to 20 comes within epsilon 1e-09"), std::string::npos) << p.notes.all;
}

TEST(ChooseK, StopsWhenAsked) {
  Problem p;
  p.notes.stop = true;
  EXPECT_THROW(p.choose(), Interrupted);
}

}  // namespace
}  // namespace graphsieve
