// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/known_nodes.h"

#include <cmath>

#include "../files/temp_dir.h"

namespace graphsieve {
namespace {

StoredIds ids_of(const std::vector<std::string>& names) {
  std::vector<int64_t> start = {0};
  std::vector<uint8_t> texts;
  for (const std::string& name : names) {
    texts.insert(texts.end(), name.begin(), name.end());
    start.push_back(std::ssize(texts));
  }
  StoredIds ids;
  ids.text_start = Array<int64_t>(std::move(start));
  ids.texts = Array<uint8_t>(std::move(texts));
  return ids;
}

/// A path of nodes with these ids, 0 – 1 – 2 …; node i has the feature 10 · i + 1 and the label i % 2.
Dataset path_of(const std::vector<std::string>& names) {
  Dataset data;
  data.source = "new";
  data.nodes = std::ssize(names);
  data.ids = ids_of(names);
  data.features.rows = data.nodes;
  data.features.cols = 1;
  data.labels.classes = 2;
  data.given_splits.emplace_back();
  StoredGraph graph;
  std::vector<int64_t> start = {0};
  std::vector<int32_t> source;
  for (int32_t i = 0; i < data.nodes; ++i) {
    data.features.dense.push_back(static_cast<float>(10 * i + 1));
    data.labels.single.push_back(i % 2);
    if (i > 0) source.push_back(i - 1);
    if (i + 1 < data.nodes) source.push_back(i + 1);
    start.push_back(std::ssize(source));
  }
  graph.row_start = Array<int64_t>(std::move(start));
  graph.source = Array<int32_t>(std::move(source));
  data.graph = graph;
  return data;
}

std::vector<int32_t> row(const Dataset& data, int64_t i) {
  return {data.graph->source.begin() + data.graph->row_start[i],
          data.graph->source.begin() + data.graph->row_start[i + 1]};
}

TEST(KnownNodes, NumbersAsInTraining) {
  Dataset data = path_of({"c", "x", "a"});  // c – x – a
  std::string why;
  const auto known = number_as_trained(data, {3, ids_of({"a", "b", "c"})}, why);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->number, (std::vector<int32_t>{2, 3, 0}));
  EXPECT_EQ(known->present, (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(data.nodes, 4);
  EXPECT_EQ(row(data, 0), (std::vector<int32_t>{3}));
  EXPECT_EQ(row(data, 1), (std::vector<int32_t>{}));
  EXPECT_EQ(row(data, 2), (std::vector<int32_t>{3}));
  EXPECT_EQ(row(data, 3), (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(std::vector<float>(data.features.dense.begin(), data.features.dense.end()),
            (std::vector<float>{21, 0, 1, 11}));
  EXPECT_EQ(data.labels.single, (std::vector<int32_t>{0, -1, 0, 1}));
  EXPECT_EQ(data.ids.name(0), "a");
  EXPECT_EQ(data.ids.name(1), "b");
  EXPECT_EQ(data.ids.name(3), "x");
  EXPECT_TRUE(data.given_splits.empty());
}

TEST(KnownNodes, FurtherNodesAtTheEndChangeNothing) {
  Dataset data = path_of({"a", "b", "x", "y"});
  const float* const before = data.features.dense.data();
  std::string why;
  const auto known = number_as_trained(data, {2, ids_of({"a", "b"})}, why);
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->number.empty());
  EXPECT_TRUE(known->present.empty());
  EXPECT_EQ(data.features.dense.data(), before);
  EXPECT_EQ(data.nodes, 4);
}

TEST(KnownNodes, IdsOfOtherKinds) {
  Dataset data = path_of({"1", "01", "7", "0"});
  std::string why;
  // The training data has no ids of its own: its nodes are 0, 1, 2.
  const auto known = number_as_trained(data, {3, {}}, why);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->number, (std::vector<int32_t>{1, 3, 4, 0}));
  Dataset plain = path_of({"", "", ""});
  plain.ids = {};
  EXPECT_TRUE(number_as_trained(plain, {2, {}}, why)->number.empty());
}

TEST(KnownNodes, NoneIsKnownOrOneTwice) {
  Dataset data = path_of({"p", "q"});
  std::string why;
  EXPECT_FALSE(number_as_trained(data, {2, ids_of({"a", "b"})}, why));
  EXPECT_CONTAINS(why, "no node is one of the training data");
  EXPECT_EQ(data.given_splits.size(), 1u);
  data = path_of({"a", "b", "a"});
  EXPECT_CONTAINS(error_of([&] { number_as_trained(data, {2, ids_of({"a", "b"})}, why); }),
                  "new: two nodes have the id a");
}

TEST(KnownNodes, SparseFeaturesAndEdgeLists) {
  Dataset data = path_of({"b", "a"});
  data.graph.reset();
  data.edges = {{0, 1}};
  data.features.dense.clear();
  data.features.cols = 3;
  data.features.row_start = {0, 2, 3};
  data.features.column = {0, 2, 1};
  data.features.value = {5, 6, 7};
  std::string why;
  ASSERT_TRUE(number_as_trained(data, {3, ids_of({"a", "b", "c"})}, why));
  EXPECT_EQ(data.edges, (std::vector<std::pair<int32_t, int32_t>>{{1, 0}}));
  EXPECT_EQ(data.features.row_start, (std::vector<int64_t>{0, 1, 3, 3}));
  EXPECT_EQ(data.features.value, (std::vector<float>{7, 5, 6}));
}

}  // namespace
}  // namespace graphsieve
