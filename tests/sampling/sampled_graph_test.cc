// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/sampled_graph.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <utility>
#include <vector>

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int64_t kNodes = 400, kDegree = 9;

/// Every node has kDegree random in-edges but the last, which has none.
struct Random {
  explicit Random(int64_t nodes = kNodes) {
    torch::manual_seed(3);
    features.dense = at::randn({nodes, 6});
    features.rows = nodes, features.cols = 6;
    edges.row_start = at::arange(nodes + 1).clamp_max(nodes - 1) * kDegree;
    const int64_t count = (nodes - 1) * kDegree;
    edges.index = at::randint(nodes, {count}).to(at::kInt);
    edges.type = at::randint(3, {count}).to(at::kByte);
    for (int l = 0; l < 2; ++l) scores.push_back(at::rand({count}) + 0.01);
  }
  SampledGraph sampled(const std::string& sampler, const std::vector<Tensor>& by, uint64_t seed = 5) const {
    return {
        features, by.empty() ? ScoredGraph(edges, 2) : ScoredGraph(edges, by, 2), {4, 3}, sampler_of(sampler), seed};
  }
  FeatureMatrix features;
  ops::AttentionEdges edges;
  std::vector<Tensor> scores, none;
};

const Tensor kSome = at::tensor(std::vector<int32_t>{5, 399, 17, 200});

/// Sources of each destination, layer after layer, as ids of the graph.
std::vector<Tensor> sources(const NetworkInput& input) {
  std::vector<Tensor> all;
  for (const LayerEdges& layer : input.layers)
    all.push_back(input.rows.defined()
                      ? input.rows.index_select(0, layer.edges.index.narrow(
                                                       0, 0, layer.edges.row_start[layer.destinations].item<int64_t>()))
                      : layer.edges.index);
  return all;
}

bool same(const NetworkInput& a, const NetworkInput& b) {
  const auto of_a = sources(a), of_b = sources(b);
  for (size_t l = 0; l < of_a.size(); ++l)
    if (!of_a[l].equal(of_b[l])) return false;
  return true;
}

TEST(SampledGraph, DrawnInPartsOrWholeIsTheSame) {
  const Random graph;
  for (const char* sampler : {"graph_reservoir", "graph_uniform", "graph_max"}) {
    SampledGraph parts = graph.sampled(sampler, graph.scores), whole = graph.sampled(sampler, graph.scores);
    for (int64_t epoch : {0, 3}) {
      parts.begin_epoch(epoch);
      whole.begin_epoch(epoch);
      whole.draw_whole();
      const NetworkInput drawn = parts.around_each({&kSome, 1}).front();
      EXPECT_TRUE(same(drawn, whole.edges_around(kSome))) << sampler;
      EXPECT_TRUE(drawn.picked.equal(graph.features.dense.index_select(0, drawn.rows)));
      // The last layer's rows are those of the whole graph.
      const NetworkInput all = whole.whole();
      const auto* start = all.layers[1].edges.row_start.const_data_ptr<int64_t>();
      std::vector<Tensor> wanted;
      for (int64_t i = 0; i < kSome.size(0); ++i) {
        const int32_t node = kSome[i].item<int32_t>();
        wanted.push_back(all.layers[1].edges.index.slice(0, start[node], start[node + 1]));
      }
      EXPECT_TRUE(sources(drawn)[1].equal(at::cat(wanted))) << sampler;
    }
  }
}

TEST(SampledGraph, OfALargeGraphWholeDrawsTheSameEdgesOnDemand) {
  constexpr int64_t kNodes = (int64_t{1} << 16) + 100;
  ASSERT_TRUE(draws_on_demand(kNodes));
  const Random graph(kNodes);
  for (const char* sampler : {"graph_reservoir", "graph_uniform"}) {
    SampledGraph demand = graph.sampled(sampler, graph.scores), whole = graph.sampled(sampler, graph.scores);
    demand.begin_epoch(2, 1), whole.begin_epoch(2, 1);
    whole.draw_whole();
    const NetworkInput on_demand = demand.whole(), all = whole.whole();
    demand.begin_epoch(3);  // the input keeps the epoch that it was made in
    for (int l = 0; l < 2; ++l) {
      EXPECT_FALSE(on_demand.layers[l].edges.index.defined());
      for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, 1000}, {777, 40000}, {65600, 65636}}) {
        const LayerEdges ours = rows_of(on_demand.layers[l], begin, end), theirs = rows_of(all.layers[l], begin, end);
        EXPECT_EQ(ours.destinations, end - begin);
        EXPECT_TRUE(ours.edges.index.equal(theirs.edges.index)) << sampler << ", layer " << l << ", from " << begin;
        EXPECT_TRUE(ours.edges.type.equal(theirs.edges.type));
        EXPECT_TRUE(ours.edges.row_start.equal(theirs.edges.row_start));
      }
      EXPECT_TRUE(all_edges(on_demand.layers[l]).edges.index.equal(all.layers[l].edges.index));
    }
  }
}

TEST(SampledGraph, EpochsSeedsAndBatchesDraw) {
  const Random graph;
  SampledGraph a = graph.sampled("graph_reservoir", graph.scores),
               b = graph.sampled("graph_reservoir", graph.scores, 6);
  const auto drawn = [](SampledGraph& from, int64_t epoch, int64_t batch) {
    from.begin_epoch(epoch);
    return from.edges_around(kSome, batch);
  };
  EXPECT_TRUE(same(drawn(a, 1, 0), drawn(a, 1, 7))) << "batches of an epoch share its draw";
  EXPECT_FALSE(same(drawn(a, 1, 0), drawn(a, 2, 0)));
  EXPECT_FALSE(same(drawn(a, 1, 0), drawn(b, 1, 0)));
  SampledGraph by_batch = graph.sampled("batch_reservoir", graph.scores);
  EXPECT_FALSE(same(drawn(by_batch, 1, 0), drawn(by_batch, 1, 7)));
  EXPECT_TRUE(same(drawn(by_batch, 1, 7), drawn(by_batch, 1, 7)));
}

TEST(SampledGraph, BatchesMadeTogetherAreTheSame) {
  const Random graph;
  for (const char* sampler : {"graph_reservoir", "batch_reservoir"}) {
    SampledGraph from = graph.sampled(sampler, graph.scores);
    const std::vector<Tensor> nodes = {kSome, kSome + 1 - 2 * (kSome == 399).to(at::kInt), at::arange(300, at::kInt),
                                       at::arange(3, at::kInt)};
    const auto together = from.around_each(nodes, 4);
    ASSERT_EQ(together.size(), nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      const NetworkInput alone = from.around_each({&nodes[i], 1}, 4 + static_cast<int64_t>(i)).front();
      EXPECT_TRUE(same(together[i], alone));
      EXPECT_TRUE(together[i].rows.equal(alone.rows));
      ASSERT_EQ(together[i].picked.defined(), alone.picked.defined())
          << "the third reaches more than half of the nodes";
      EXPECT_TRUE(!alone.picked.defined() || together[i].picked.equal(alone.picked));
    }
    EXPECT_FALSE(together[2].picked.defined());
  }
}

TEST(SampledGraph, UniformDrawsNeedNoScores) {
  const Random graph;
  SampledGraph with = graph.sampled("graph_uniform", graph.scores),
               without = graph.sampled("graph_uniform", graph.none);
  EXPECT_TRUE(same(with.edges_around(kSome), without.edges_around(kSome)));
}

}  // namespace
}  // namespace graphsieve
