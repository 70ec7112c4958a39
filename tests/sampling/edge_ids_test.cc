// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/edge_ids.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/datasets/generate.h"
#include "graphsieve/graph/expander.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/sampling/sampled_graph.h"

namespace graphsieve {
namespace {

using at::Tensor;

TEST(EdgeIds, IdsBeyond32BitsDoNotOverflow) {
  const int64_t far = int64_t{5} << 32;
  const Tensor ids =
      edge_ids(at::tensor({int64_t{0}, far, far + 3}, at::kLong), {}, at::tensor({7, -1, 2, 0}, at::kInt).view({2, 2}));
  EXPECT_TRUE(ids.equal(at::tensor({int64_t{7}, int64_t{-1}, far + 2, far}, at::kLong).view({2, 2})));
  const Tensor of_one = edge_ids(at::tensor({int64_t{0}, far, far + 3}, at::kLong), at::tensor({1}, at::kInt),
                                 at::tensor({1, 2}, at::kInt).view({1, 2}));
  EXPECT_TRUE(of_one.equal(at::tensor({far + 1, far + 2}, at::kLong).view({1, 2})));
  EXPECT_EQ(data_edge_id(4, kGraphEdge, 9, far, 6), far + 4);
}

TEST(EdgeIds, EveryEdgeOfABatchIsFoundByItsId) {
  const Dataset data = generate_minesweeper(3, 12);
  Recipe recipe;
  Observer silent;
  const PreparedData prepared(data, recipe, silent);
  const PreparedGraph graph(prepared, recipe, 5);
  const ops::AttentionEdges& edges = graph.edges;
  for (const char* sampler : {"graph_uniform", "batch_uniform"})
    for (const bool whole : {false, true}) {
      SampledGraph sampled(prepared.features, ScoredGraph(edges, 2), {4, 30}, sampler_of(sampler), 9);
      sampled.keep_positions();
      sampled.begin_epoch(1);
      if (whole) sampled.draw_whole();
      const NetworkInput batch = sampled.edges_around(at::tensor({3, 77, 140}, at::kInt), 2);
      Tensor nodes = batch.rows;  // of the layer's sources
      for (const LayerEdges& layer : batch.layers) {
        ASSERT_TRUE(layer.position.defined());
        for (int64_t i = 0; i < layer.destinations; ++i) {
          const int64_t begin = edges.row_start[nodes[i].item<int64_t>()].item<int64_t>();
          for (int64_t e = layer.edges.row_start[i].item<int64_t>(); e < layer.edges.row_start[i + 1].item<int64_t>();
               ++e) {
            const int64_t id = begin + layer.position[e].item<int64_t>();
            EXPECT_EQ(edges.index[id].item<int32_t>(), nodes[layer.edges.index[e].item<int64_t>()].item<int32_t>());
            EXPECT_EQ(edges.type[id].item<uint8_t>(), layer.edges.type[e].item<uint8_t>());
          }
        }
        nodes = nodes.narrow(0, 0, layer.destinations);
      }
    }
}

/// Data with three edge types, by destination and (type, source).
TEST(EdgeIds, TheDatasEdgesKeepTheirIds) {
  const std::vector<int64_t> start = {0, 3, 4, 4, 6};
  const std::vector<int32_t> source = {1, 2, 1, 0, 0, 2};
  const std::vector<uint8_t> type_of = {0, 1, 2, 2, 0, 0};
  CsrView data;
  data.row_start = start, data.source = source, data.type = type_of, data.types = 3;
  const Expander expander(4, 1, ExpanderKind::kHamiltonian, 1);
  const AttentionGraph graph = build_attention_graph(data, &expander, true, false);
  int64_t found = 0;
  for (int64_t node = 0; node < 4; ++node) {
    const int64_t begin = graph.row_start[node], degree = graph.row_start[node + 1] - begin;
    const int64_t data_degree = data.row_start[node + 1] - data.row_start[node];
    for (int64_t position = 0; position < degree; ++position) {
      const uint8_t type = graph.type[begin + position];
      const int64_t id = data_edge_id(position, type, degree, data.row_start[node], data_degree);
      EXPECT_EQ(id < 0, type == kExpanderEdge || type == kSelfLoop);
      if (id < 0) continue;
      ++found;
      EXPECT_EQ(data.source[id], graph.source[begin + position]);
      EXPECT_EQ(attention_type(data.type[id]), type);
    }
  }
  EXPECT_EQ(found, 6);
}

}  // namespace
}  // namespace graphsieve
