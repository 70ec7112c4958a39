// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/attention_picture.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// Two rings of `size` nodes each; every node has in-edges from its two neighbours and from itself (type 2).
ops::AttentionEdges two_rings(int64_t size) {
  std::vector<int64_t> start = {0};
  std::vector<int32_t> source;
  std::vector<uint8_t> type;
  for (int64_t i = 0; i < 2 * size; ++i) {
    const int64_t ring = i / size * size, at = i % size;
    for (const int64_t step : {size - 1, int64_t{1}}) source.push_back(static_cast<int32_t>(ring + (at + step) % size));
    source.push_back(static_cast<int32_t>(i));
    type.insert(type.end(), {0, 0, 2});
    start.push_back(static_cast<int64_t>(source.size()));
  }
  return {at::tensor(start, at::kLong), at::tensor(source, at::kInt), at::tensor(type, at::kByte), {}, {}, {}};
}

TEST(ScoreDistribution, CountsEdgesByTheirDistanceFromEqualScores) {
  const ops::AttentionEdges edges = two_rings(4);
  const auto of = [&](std::vector<float> row) {
    std::map<std::string, double> found;
    for (const Json& range : score_distribution(edges, at::tensor(row).repeat({8}), {0, 5}))
      if (range["share"] > 0) found[range["from"].dump() + " " + range["to"].dump()] = range["share"];
    return found;
  };
  EXPECT_EQ(of({1 / 3.f + 1e-4f, 1 / 3.f + 1e-4f, 1 / 3.f + 1e-4f}), (std::map<std::string, double>{{"1.0 2.0", 1}}));
  const auto uneven = of({0.8f, 0.2f, 0.f});  // times three: 2.4, 0.6, 0
  EXPECT_EQ(uneven.size(), 3U);
  EXPECT_NEAR(uneven.at("2.0 4.0"), 1. / 3, 1e-9);
  EXPECT_NEAR(uneven.at("0.5 1.0"), 1. / 3, 1e-9);
  EXPECT_NEAR(uneven.at("null 0.03125"), 1. / 3, 1e-9);
}

TEST(PlaceNodes, KeepsNeighboursTogether) {
  const ops::AttentionEdges edges = two_rings(6);
  const NodePlaces places = place_nodes(edges);
  double joined = 0, apart = 0;
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_TRUE(places.x[i] >= 0 && places.x[i] <= 1 && places.y[i] >= 0 && places.y[i] <= 1);
    for (size_t j = 0; j < 12; ++j)
      (i / 6 == j / 6 ? joined : apart) += std::hypot(places.x[i] - places.x[j], places.y[i] - places.y[j]);
  }
  EXPECT_LT(2 * joined, apart);
  const NodePlaces again = place_nodes(edges);
  EXPECT_EQ(places.x, again.x);
  EXPECT_EQ(place_nodes(two_rings(0)).x.size(), 0U);
}

TEST(AttentionPicture, HasEveryEdgeAndTheDraw) {
  const ops::AttentionEdges edges = two_rings(5);
  const ScoredGraph graph(edges, {at::tensor({.5f, .3f, .2f}).repeat({10}), at::tensor({.1f, .1f, .8f}).repeat({10})},
                          2);
  const std::vector<int32_t> classes(10, 1);
  const Json picture = attention_picture(graph, {2, 4}, sampler_of("graph_reservoir"), 3, 7, classes);
  EXPECT_EQ(picture["layers"].size(), 2U);
  for (const size_t layer : {0, 1}) {
    const Json& all = picture["layers"][layer]["edges"];
    EXPECT_EQ(all.size(), 30U);
    int64_t kept = 0;
    for (const Json& edge : all) kept += edge[4].get<bool>();
    EXPECT_EQ(kept, layer == 0 ? 20 : 30);  // k of two distinct edges per node; k above the degree keeps all
  }
  EXPECT_TRUE(attention_picture(ScoredGraph(two_rings(51), {at::full({306}, 1 / 3.f)}, 1), {2},
                                sampler_of("graph_reservoir"), 0, 0, classes)
                  .is_null());
}

}  // namespace
}  // namespace graphsieve
