// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/epoch_sample.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

using at::Tensor;
using ops::SampleRule;

/// 40 nodes with 20 in-edges each.
ops::AttentionEdges some_graph() {
  const int64_t n = 40, degree = 20;
  const Tensor index = (at::arange(degree).unsqueeze(0) + at::zeros({n, 1}, at::kLong)).to(at::kInt).reshape({-1});
  return {at::arange(n + 1) * degree, index, at::zeros({n * degree}, at::kByte), {}, {}, {}};
}

TEST(SamplerOf, NamesGiveRuleAndTime) {
  EXPECT_EQ(sampler_of("graph_reservoir").rule, SampleRule::kWeighted);
  EXPECT_EQ(sampler_of("batch_reservoir").rule, SampleRule::kWeighted);
  EXPECT_EQ(sampler_of("graph_uniform").rule, SampleRule::kUniform);
  EXPECT_EQ(sampler_of("graph_max").rule, SampleRule::kLargest);
  EXPECT_TRUE(sampler_of("batch_uniform").by_batch);
  EXPECT_FALSE(sampler_of("graph_reservoir").by_batch);
  EXPECT_TRUE(sampler_of("batch_importance").importance && sampler_of("batch_importance").by_batch);
  EXPECT_FALSE(sampler_of("graph_reservoir").importance);
  for (const char* name : {"batch_max", "reservoir", "", "graph_", "graph_reservoirs"})
    EXPECT_THROW(sampler_of(name), Error);
}

TEST(DrawLayer, DependsOnSeedEpochLayerAndForBatchesOnTheBatch) {
  const auto graph = some_graph();
  const Tensor scores = at::full({800}, 0.05);
  const auto draw = [&](const char* sampler, uint64_t seed, int64_t epoch, int64_t layer, int64_t batch) {
    return draw_layer(graph, scores, Tensor(), 5, sampler_of(sampler), {seed, epoch, layer, batch}).index;
  };
  for (const char* sampler : {"graph_reservoir", "graph_uniform", "batch_reservoir", "batch_uniform"}) {
    const Tensor one = draw(sampler, 1, 2, 3, 4);
    EXPECT_TRUE(one.equal(draw(sampler, 1, 2, 3, 4)));
    EXPECT_FALSE(one.equal(draw(sampler, 2, 2, 3, 4)));
    EXPECT_FALSE(one.equal(draw(sampler, 1, 3, 3, 4)));
    EXPECT_FALSE(one.equal(draw(sampler, 1, 2, 2, 4)));
    EXPECT_EQ(one.equal(draw(sampler, 1, 2, 3, 5)), !sampler_of(sampler).by_batch);
  }
  EXPECT_TRUE(draw("graph_max", 1, 2, 3, 4).equal(draw("graph_max", 9, 8, 7, 6)));
}

TEST(DrawLayer, RowsAreThoseOfTheWholeDraw) {
  const Tensor scores = at::rand({800}), rows = at::tensor(std::vector<int32_t>{39, 0, 7});
  const Sampler sampler = sampler_of("graph_reservoir");
  const LayerSample all = draw_layer(some_graph(), scores, Tensor(), 5, sampler, {1, 2, 3});
  const LayerSample some = draw_layer(some_graph(), scores, rows, 5, sampler, {1, 2, 3});
  EXPECT_TRUE(some.index.equal(all.index.index_select(0, rows)));
}

TEST(WholeGraphLayer, LeavesOutNodesWithoutEdges) {
  const LayerSample sample{at::tensor(std::vector<int32_t>{2, 2, -1, -1, 0, 1}).view({3, 2}),
                           at::tensor(std::vector<uint8_t>{0, 1, 0, 0, 2, 2}, at::kByte).view({3, 2})};
  const LayerEdges layer = whole_graph_layer(sample);
  EXPECT_EQ(layer.destinations, 3);
  EXPECT_TRUE(layer.edges.row_start.equal(at::tensor(std::vector<int64_t>{0, 2, 2, 4}, at::kLong)));
  EXPECT_TRUE(layer.edges.index.equal(at::tensor(std::vector<int32_t>{2, 2, 0, 1})));
  EXPECT_TRUE(layer.edges.type.equal(at::tensor(std::vector<uint8_t>{0, 1, 2, 2}, at::kByte)));
}

TEST(EdgeShare, CountsDistinctKeptEdges) {
  const Tensor start = at::tensor(std::vector<int64_t>{0, 0, 1, 10}, at::kLong);  // degrees 0, 1, 9
  EXPECT_DOUBLE_EQ(edge_share(start, {3}), 0.4);
  EXPECT_DOUBLE_EQ(edge_share(start, {3, 100}), 0.7);
  EXPECT_EQ(edge_share(start.slice(0, 0, 2), {3}), 0);
}

}  // namespace
}  // namespace graphsieve
