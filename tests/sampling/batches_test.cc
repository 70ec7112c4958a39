// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/batches.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace graphsieve {
namespace {

using at::Tensor;
using Nodes = std::vector<int32_t>;

Nodes numbers(const Tensor& t) { return {t.const_data_ptr<int32_t>(), t.const_data_ptr<int32_t>() + t.numel()}; }

std::vector<Nodes> batches(const Nodes& train, int64_t size, uint64_t seed = 1, int64_t epoch = 0) {
  std::vector<Nodes> all;
  for (const Tensor& t : batch_nodes(train, size, seed, epoch)) all.push_back(numbers(t));
  return all;
}

Nodes nodes_up_to(int32_t count) {
  Nodes nodes(count);
  std::iota(nodes.begin(), nodes.end(), 0);
  for (int32_t& x : nodes) x = x * 3 + 1;
  return nodes;
}

std::vector<size_t> sizes(const std::vector<Nodes>& batches) {
  std::vector<size_t> all;
  for (const auto& b : batches) all.push_back(b.size());
  return all;
}

TEST(BatchNodes, OneBatchKeepsTheGivenOrder) {
  const Nodes train = nodes_up_to(7);
  for (int64_t size : {0, 7, 100}) EXPECT_EQ(batches(train, size), std::vector<Nodes>{train});
}

TEST(BatchNodes, EveryNodeOnceInBatchesOfTheSize) {
  const Nodes train = nodes_up_to(103);
  const auto all = batches(train, 20);
  EXPECT_EQ(sizes(all), (std::vector<size_t>{20, 20, 20, 20, 20, 3}));
  Nodes joined;
  for (const auto& b : all) joined.insert(joined.end(), b.begin(), b.end());
  EXPECT_NE(joined, train);
  std::sort(joined.begin(), joined.end());
  EXPECT_EQ(joined, train);
}

TEST(BatchNodes, LastBatchOfOneJoinsTheOneBefore) {
  EXPECT_EQ(sizes(batches(nodes_up_to(101), 20)), (std::vector<size_t>{20, 20, 20, 20, 21}));
  EXPECT_EQ(sizes(batches(nodes_up_to(3), 2)), (std::vector<size_t>{3}));
  EXPECT_EQ(sizes(batches(nodes_up_to(102), 20)).back(), 2u);
}

TEST(BatchNodes, OrderIsKeyedBySeedAndEpoch) {
  const Nodes train = nodes_up_to(50);
  EXPECT_EQ(batches(train, 10, 1, 3), batches(train, 10, 1, 3));
  EXPECT_NE(batches(train, 10, 1, 3), batches(train, 10, 1, 4));
  EXPECT_NE(batches(train, 10, 1, 3), batches(train, 10, 2, 3));
  Nodes backwards(train.rbegin(), train.rend());
  EXPECT_EQ(batches(backwards, 10, 1, 3), batches(train, 10, 1, 3)) << "depends on the order of the training nodes";
}

/// Every node's k drawn sources in each layer; node i % 7 == 0 has none in layer 0.
struct Draws {
  std::vector<LayerSample> layers;

  Draws(int64_t nodes, int64_t count, int64_t k) {
    torch::manual_seed(2);
    for (int64_t l = 0; l < count; ++l)
      layers.push_back({at::randint(nodes, {nodes, k}).to(at::kInt), at::randint(3, {nodes, k}).to(at::kByte)});
    for (int64_t i = 0; i < nodes; i += 7) layers[0].index[i].fill_(-1);
  }

  DrawLayer by_rows() const {
    return [this](int64_t l, const Tensor& rows) {
      return LayerSample{layers[l].index.index_select(0, rows), layers[l].type.index_select(0, rows)};
    };
  }
};

TEST(ExpandBatch, HoldsTheNeighboursOfEveryHopAndNoOthers) {
  const int64_t n = 500, layers = 3, k = 4;
  const Draws draws(n, layers, k);
  const Tensor nodes = at::tensor(Nodes{17, 3, 499, 70}), local = at::full({n}, -1, at::kInt);
  const NetworkInput input = expand_batch(nodes, layers, draws.by_rows(), local);
  std::set<int32_t> wanted{17, 3, 499, 70};
  std::vector<size_t> counts{wanted.size()};
  for (int64_t l = layers - 1; l >= 0; --l) {
    for (int32_t i : std::vector<int32_t>(wanted.begin(), wanted.end()))
      for (int32_t j : numbers(draws.layers[l].index[i].contiguous()))
        if (j >= 0) wanted.insert(j);
    EXPECT_EQ(input.layers[l].destinations, static_cast<int64_t>(counts.back()));
    counts.push_back(wanted.size());
  }
  const Nodes rows = numbers(input.rows);
  EXPECT_EQ(std::set<int32_t>(rows.begin(), rows.end()), wanted);
  EXPECT_EQ(rows.size(), wanted.size());
  EXPECT_EQ(Nodes(rows.begin(), rows.begin() + 4), numbers(nodes)) << "destinations come first";
  EXPECT_TRUE((local == -1).all().item<bool>());
}

TEST(ExpandBatch, EdgesAreTheDrawnOnes) {
  const int64_t n = 300, layers = 2, k = 5;
  const Draws draws(n, layers, k);
  const NetworkInput input =
      expand_batch(at::tensor(Nodes{5, 0, 200}), layers, draws.by_rows(), at::full({n}, -1, at::kInt));
  for (int64_t l = 0; l < layers; ++l) {  // every layer's sources are the first of the outermost rows
    const LayerEdges& layer = input.layers[l];
    const auto* start = layer.edges.row_start.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < layer.destinations; ++i) {
      const Tensor drawn = draws.layers[l].index[input.rows[i].item<int64_t>()];
      const Tensor type = draws.layers[l].type[input.rows[i].item<int64_t>()];
      const Tensor at = layer.edges.index.slice(0, start[i], start[i + 1]);
      EXPECT_TRUE(input.rows.index_select(0, at).equal(drawn.masked_select(drawn >= 0)));
      EXPECT_TRUE(layer.edges.type.slice(0, start[i], start[i + 1]).equal(type.masked_select(drawn >= 0)));
    }
  }
}

TEST(ExpandBatch, BatchOfEveryNodeIsTheWholeGraph) {
  const int64_t n = 60, k = 3;
  const Draws draws(n, 2, k);
  const Tensor all = at::arange(n, at::kInt);
  const NetworkInput input = expand_batch(all, 2, draws.by_rows(), at::full({n}, -1, at::kInt));
  EXPECT_TRUE(input.rows.equal(all));
  for (int64_t l = 0; l < 2; ++l) {
    const LayerEdges whole = whole_graph_layer(draws.layers[l]);
    const int64_t edges = whole.edges.index.numel();
    EXPECT_TRUE(input.layers[l].edges.row_start.equal(whole.edges.row_start));
    EXPECT_TRUE(input.layers[l].edges.index.slice(0, 0, edges).equal(whole.edges.index));
    EXPECT_TRUE(input.layers[l].edges.type.slice(0, 0, edges).equal(whole.edges.type));
  }
}

}  // namespace
}  // namespace graphsieve
