// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/epoch_sample.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>

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

/// Nodes with 0 to 7 in-edges, in files of one row after the other.
ops::AttentionEdges graph_with_short_rows() {
  std::vector<int64_t> start = {0};
  std::vector<int32_t> index;
  for (int32_t i = 0; i < 16; ++i) {
    for (int32_t e = 0; e < i % 8; ++e) index.push_back((i + 2 * e + 1) % 16);
    std::sort(index.begin() + start.back(), index.end());
    start.push_back(static_cast<int64_t>(index.size()));
  }
  const auto edges = static_cast<int64_t>(index.size());
  return {at::tensor(start, at::kLong), at::tensor(index), at::zeros({edges}, at::kByte), {}, {}, {}};
}

TEST(DrawLayer, WithoutRefillShortRowsHaveEachEdgeOnce) {
  const auto graph = graph_with_short_rows();
  const Tensor scores = at::full({graph.index.numel()}, 0.2);
  const Tensor some = at::tensor(std::vector<int32_t>{15, 3, 0, 6});
  for (const char* name : {"graph_reservoir", "batch_uniform", "graph_max", "graph_importance"})
    for (const Tensor& rows : {Tensor(), some}) {
      Sampler sampler = sampler_of(name);
      const LayerSample filled = draw_layer(graph, scores, rows, 4, sampler, {1, 2, 3});
      sampler.refill = false;
      const LayerSample once = draw_layer(graph, scores, rows, 4, sampler, {1, 2, 3});
      for (int64_t r = 0; r < once.index.size(0); ++r) {
        const int64_t node = rows.defined() ? rows[r].item<int64_t>() : r;
        const int64_t begin = graph.row_start[node].item<int64_t>(), degree = node % 8;
        if (degree >= 4) {
          EXPECT_TRUE(once.index[r].equal(filled.index[r]));
          EXPECT_TRUE(once.position[r].equal(filled.position[r]));
          continue;
        }
        EXPECT_TRUE(once.index[r].slice(0, 0, degree).equal(graph.index.slice(0, begin, begin + degree)));
        EXPECT_TRUE(once.index[r].slice(0, degree).eq(-1).all().item<bool>());
        EXPECT_TRUE(once.position[r].slice(0, 0, degree).equal(at::arange(degree, at::kInt)));
        EXPECT_TRUE(once.position[r].slice(0, degree).eq(-1).all().item<bool>());
        if (sampler.importance) {
          EXPECT_TRUE(once.log_weight[r].slice(0, 0, degree).eq(0).all().item<bool>());
        }
      }
      if (rows.defined()) continue;
      const LayerEdges layer = whole_graph_layer(once);
      EXPECT_TRUE(layer.edges.row_start.diff().equal(graph.row_start.diff().clamp_max(4)));
      EXPECT_EQ(layer.edges.index.numel(), layer.edges.row_start[16].item<int64_t>());
      EXPECT_EQ(layer.position.numel(), layer.edges.index.numel());
    }
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

}  // namespace
}  // namespace graphsieve
