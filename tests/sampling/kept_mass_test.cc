// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/kept_mass.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>

#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

using at::Tensor;

struct Scored {
  ops::AttentionEdges edges;
  Tensor scores;
};

/// Rows of the given degrees, sorted by type and source, some edges twice; scores sum to 1 in each row, those of equal
/// edges are equal.
Scored random_graph(const std::vector<int64_t>& degrees) {
  torch::manual_seed(3);
  std::vector<int64_t> start{0};
  std::vector<Tensor> index, type, scores;
  for (const int64_t degree : degrees) {
    const Tensor edge = std::get<0>(at::randint(2 * degree + 1, {degree}).sort());  // type · degree + source
    index.push_back(edge.remainder(degree + 1));
    type.push_back(edge.floor_divide(degree + 1));
    scores.push_back((3 * at::sin(edge * 7.0)).softmax(0));
    start.push_back(start.back() + degree);
  }
  return {{at::tensor(start, at::kLong), at::cat(index).to(at::kInt), at::cat(type).to(at::kByte), {}, {}, {}},
          at::cat(scores).to(at::kFloat)};
}

/// Draws with this k and adds up the scores of what is kept.
double mass_of_draw(const Scored& g, int64_t k, const Sampler& sampler) {
  const LayerSample sample = draw_layer(g.edges, g.scores, Tensor(), k, sampler, {1, 2, 3});
  const auto start = g.edges.row_start.accessor<int64_t, 1>();
  double sum = 0, nodes = 0;
  for (int64_t i = 0; i + 1 < start.size(0); ++i) {
    const int64_t degree = start[i + 1] - start[i];
    if (degree == 0) continue;
    ++nodes;
    if (degree <= k) {
      ++sum;
      continue;
    }
    std::map<std::pair<int64_t, int64_t>, double> score;
    for (int64_t e = start[i]; e < start[i + 1]; ++e)
      score[{g.edges.type[e].item<int64_t>(), g.edges.index[e].item<int64_t>()}] = g.scores[e].item<double>();
    for (int64_t d = 0; d < k; ++d)
      sum += score.at({sample.type[i][d].item<int64_t>(), sample.index[i][d].item<int64_t>()});
  }
  return sum / nodes;
}

TEST(KeptMass, IsThatOfTheDrawAtEveryK) {
  const Scored g = random_graph({0, 1, 5, 6, 30, 2, 0, 17, 100, 8, 9, 10, 3, 64, 1});
  for (const char* name : {"graph_reservoir", "batch_reservoir", "graph_uniform", "graph_max"}) {
    const Sampler sampler = sampler_of(name);
    const std::vector<double> mass = kept_mass(g.edges, g.scores, 120, sampler, {1, 2, 3});
    ASSERT_EQ(mass.size(), 120u);
    EXPECT_TRUE(std::is_sorted(mass.begin(), mass.end())) << name;
    EXPECT_NEAR(mass[99], 1, 1e-12);
    for (const int64_t k : {1, 2, 3, 6, 10, 33, 99, 100, 120})
      EXPECT_NEAR(mass[k - 1], mass_of_draw(g, k, sampler), 1e-6) << name << " k " << k;
    EXPECT_EQ(kept_mass(g.edges, g.scores, 20, sampler, {1, 2, 3}),
              (std::vector<double>{mass.begin(), mass.begin() + 20}));
  }
}

TEST(KeptMass, OfOneNode) {
  const Tensor scores = at::tensor({0.2f, 0.7f, 0.1f});
  const ops::AttentionEdges edges{
      at::tensor({0, 3}, at::kLong), at::tensor({0, 4, 9}, at::kInt), at::zeros({3}, at::kByte), {}, {}, {}};
  const auto mass = kept_mass(edges, scores, 4, sampler_of("graph_max"), {});
  EXPECT_NEAR(mass[0], 0.7, 1e-6);
  EXPECT_NEAR(mass[1], 0.9, 1e-6);
  EXPECT_NEAR(mass[2], 1, 1e-12);
  EXPECT_NEAR(mass[3], 1, 1e-12);
}

TEST(KeptMass, SameBitsAtAnyNumberOfThreads) {
  const Scored g = random_graph(std::vector<int64_t>(2000, 12));
  const int before = num_threads();
  set_num_threads(1);
  const auto one = kept_mass(g.edges, g.scores, 12, sampler_of("graph_reservoir"), {4, 0, 1});
  set_num_threads(5);
  EXPECT_EQ(one, kept_mass(g.edges, g.scores, 12, sampler_of("graph_reservoir"), {4, 0, 1}));
  set_num_threads(before);
}

}  // namespace
}  // namespace graphsieve
