// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/attention_kept.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "graphsieve/base/parallel.h"
#include "graphsieve/sampling/kept_mass.h"

namespace graphsieve {
namespace {

using at::Tensor;

struct Scored {
  ops::AttentionEdges edges;
  Tensor scores;
};

/// Rows of the given degrees, no edge twice, three types; scores of a row sum to 1.
Scored random_graph(const std::vector<int64_t>& degrees) {
  torch::manual_seed(5);
  std::vector<int64_t> start{0};
  std::vector<Tensor> index, type, scores;
  for (const int64_t degree : degrees) {
    const Tensor edge = std::get<0>(at::randperm(3 * degree).narrow(0, 0, degree).sort());  // type · degree + source
    index.push_back(edge.remainder(std::max<int64_t>(degree, 1)));
    type.push_back(edge.floor_divide(std::max<int64_t>(degree, 1)));
    scores.push_back((3 * at::randn({degree})).softmax(0));
    start.push_back(start.back() + degree);
  }
  return {{at::tensor(start, at::kLong), at::cat(index).to(at::kInt), at::cat(type).to(at::kByte), {}, {}, {}},
          at::cat(scores).to(at::kFloat)};
}

std::vector<int32_t> all_nodes(const Scored& g) {
  std::vector<int32_t> nodes(g.edges.row_start.numel() - 1);
  std::iota(nodes.begin(), nodes.end(), 0);
  return nodes;
}

/// By drawing, and looking every edge of a row up among the drawn ones.
std::vector<TypeKept> by_drawing(const Scored& g, int64_t k, const Sampler& sampler) {
  const LayerSample sample = draw_layer(g.edges, g.scores, Tensor(), k, sampler, {1, 2, 3});
  std::vector<TypeKept> types(3);
  double nodes = 0;
  for (const int32_t i : all_nodes(g)) {
    const auto begin = g.edges.row_start[i].item<int64_t>(), end = g.edges.row_start[i + 1].item<int64_t>();
    if (begin == end) continue;
    ++nodes;
    std::set<std::pair<int64_t, int64_t>> drawn;
    for (int64_t d = 0; d < k; ++d)
      drawn.insert({sample.type[i][d].item<int64_t>(), sample.index[i][d].item<int64_t>()});
    for (int64_t e = begin; e < end; ++e) {
      TypeKept& type = types[g.edges.type[e].item<int64_t>()];
      const bool kept = drawn.contains({g.edges.type[e].item<int64_t>(), g.edges.index[e].item<int64_t>()});
      ++type.edges, type.kept += kept;
      type.mass += g.scores[e].item<double>(), type.kept_mass += kept * g.scores[e].item<double>();
    }
  }
  for (TypeKept& type : types) type.mass /= nodes, type.kept_mass /= nodes;
  return types;
}

TEST(AttentionKept, IsThatOfTheDraw) {
  const Scored g = random_graph({0, 1, 5, 6, 30, 2, 0, 17, 100, 8, 9, 10, 3, 64, 1});
  for (const char* name : {"graph_reservoir", "batch_reservoir", "graph_uniform", "graph_max"})
    for (const int64_t k : {1, 4, 10, 200}) {
      const Sampler sampler = sampler_of(name);
      const AttentionKept kept = attention_kept(g.edges, g.scores, all_nodes(g), k, 20, sampler, {1, 2, 3});
      const auto expected = by_drawing(g, k, sampler);
      ASSERT_EQ(kept.types.size(), 3u);
      for (size_t t = 0; t < 3; ++t) {
        EXPECT_EQ(kept.types[t].edges, expected[t].edges);
        EXPECT_EQ(kept.types[t].kept, expected[t].kept) << name << " k " << k;
        EXPECT_NEAR(kept.types[t].mass, expected[t].mass, 1e-6);
        EXPECT_NEAR(kept.types[t].kept_mass, expected[t].kept_mass, 1e-6) << name << " k " << k;
      }
      const std::vector<double> drawn = kept_mass(g.edges, g.scores, 20, sampler, {1, 2, 3});
      for (size_t x = 0; x < 20; ++x) EXPECT_NEAR(kept.drawn[x], drawn[x], 1e-9) << name;
      const std::vector<double> largest = kept_mass(g.edges, g.scores, 20, sampler_of("graph_max"), {1, 2, 3});
      for (size_t x = 0; x < 20; ++x) EXPECT_NEAR(kept.heaviest[x], largest[x], 1e-9) << name;
      if (k <= 20) {
        EXPECT_NEAR(kept.kept_mass(), drawn[k - 1], 1e-9);
      }
    }
}

TEST(AttentionKept, OfOneNode) {
  const ops::AttentionEdges edges{
      at::tensor({0, 3}, at::kLong), at::tensor({0, 4, 9}, at::kInt), at::tensor({0, 0, 1}, at::kByte), {}, {}, {}};
  const AttentionKept kept =
      attention_kept(edges, at::tensor({0.7f, 0.1f, 0.2f}), {0}, 2, 3, sampler_of("graph_max"), {});
  EXPECT_EQ(kept.types[0].edges, 2);
  EXPECT_EQ(kept.types[0].kept, 1);
  EXPECT_NEAR(kept.types[0].mass, 0.8, 1e-6);
  EXPECT_NEAR(kept.types[0].kept_mass, 0.7, 1e-6);
  EXPECT_NEAR(kept.types[1].kept_mass, 0.2, 1e-6);
  EXPECT_NEAR(kept.kept_edges(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(kept.drawn[1], 0.9, 1e-6);
}

TEST(AttentionKept, SameBitsAtAnyNumberOfThreads) {
  const Scored g = random_graph(std::vector<int64_t>(1000, 12));
  const int before = num_threads();
  const auto curve = [&] {
    return attention_kept(g.edges, g.scores, all_nodes(g), 5, 12, sampler_of("graph_reservoir"), {4, 0, 1});
  };
  set_num_threads(1);
  const AttentionKept one = curve();
  set_num_threads(5);
  const AttentionKept five = curve();
  set_num_threads(before);
  EXPECT_EQ(one.drawn, five.drawn);
  EXPECT_EQ(one.types[0].mass, five.types[0].mass);
}

}  // namespace
}  // namespace graphsieve
