// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/attention_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "graphsieve/base/error.h"
#include "graphsieve/graph/expander.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

std::string message(const AttentionGraph& g) {
  try {
    check(g, "g");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(AttentionGraph, TheExampleOfTheHeader) {
  const Csr edges = symmetric_csr(3, {{0, 1}}, false);
  const AttentionGraph g = build_attention_graph(edges, nullptr, true, true);
  EXPECT_EQ(g.row_start, (LargeVector<int64_t>{0, 2, 4, 5}));
  EXPECT_EQ(g.source, (LargeVector<int32_t>{1, 0, 0, 1, 2}));
  EXPECT_EQ(g.type, (LargeVector<uint8_t>{0, 2, 0, 2, 2}));
  EXPECT_EQ(message(g), "");
}

TEST(AttentionGraph, AllThreeParts) {
  const Csr edges = symmetric_csr(50, {{0, 1}, {1, 2}, {4, 40}}, false);
  const Expander expander(50, 4, ExpanderKind::kHamiltonian, 1);
  const AttentionGraph g = build_attention_graph(edges, &expander, true, true);
  EXPECT_EQ(g.edges(), 6 + 400 + 50);
  EXPECT_EQ(std::count(g.type.begin(), g.type.end(), kExpanderEdge), 400);
  EXPECT_EQ(message(g), "");
  const AttentionGraph turned = transpose(g);
  EXPECT_EQ(turned.row_start, g.row_start);
  EXPECT_EQ(turned.source, g.source);
  EXPECT_EQ(turned.type, g.type);
}

TEST(AttentionGraph, TypesOfTheDataComeAfterTheMethods) {
  Csr edges = symmetric_csr(20, {{0, 1}, {1, 2}, {4, 7}}, false);
  const Expander expander(20, 2, ExpanderKind::kHamiltonian, 1);
  const AttentionGraph plain = build_attention_graph(edges, &expander, true, true);
  CsrView typed = edges;  // 0 - 1 of type 0, 1 - 2 of type 2, 4 - 7 of type 1
  const std::vector<uint8_t> types = {0, 0, 2, 2, 1, 1};
  typed.type = types, typed.types = 3;
  const AttentionGraph g = build_attention_graph(typed, &expander, true, true);
  EXPECT_EQ(g.types, 5);
  EXPECT_EQ(message(g), "");
  EXPECT_EQ(g.row_start, plain.row_start);
  std::vector<std::tuple<int64_t, int32_t, int>> found, expected;
  const auto list = [](const AttentionGraph& from, auto& to) {
    for (int64_t i = 0; i < from.nodes(); ++i)
      for (int64_t e = from.row_start[i]; e < from.row_start[i + 1]; ++e)
        to.emplace_back(i, from.source[e], int{from.type[e]});
    std::sort(to.begin(), to.end());
  };
  list(g, found);
  list(plain, expected);
  for (auto& [i, j, type] : expected) {
    if (type == 0 && i + j == 3) type = 4;
    if (type == 0 && i + j == 11) type = 3;
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

TEST(AttentionGraph, PartsMayBeLeftOut) {
  const Expander expander(20, 2, ExpanderKind::kPermutation, 1);
  EXPECT_EQ(build_attention_graph(std::nullopt, &expander, false, true).source, expander.csr().source);
  EXPECT_THROW(build_attention_graph(std::nullopt, nullptr, true, true), Error);
  const Csr other = symmetric_csr(19, {}, false);
  EXPECT_THROW(build_attention_graph(other, &expander, true, true), Error);
}

TEST(AttentionGraph, TransposeOfDirectedEdges) {
  const Csr edges = symmetric_csr(4, {{0, 1}, {2, 1}, {3, 0}, {1, 3}}, true);
  const Expander expander(4, 1, ExpanderKind::kHamiltonian, 1);
  const AttentionGraph g = build_attention_graph(edges, &expander, true, false);
  EXPECT_EQ(message(g), "");
  std::vector<int64_t> edge_of;
  const AttentionGraph turned = transpose(g, &edge_of);
  EXPECT_EQ(message(turned), "");
  std::vector<int32_t> destination;
  for (int32_t i = 0; i < 4; ++i) destination.insert(destination.end(), g.row_start[i + 1] - g.row_start[i], i);
  for (int32_t i = 0; i < 4; ++i)
    for (int64_t e = turned.row_start[i]; e < turned.row_start[i + 1]; ++e) {
      EXPECT_EQ(g.source[edge_of[e]], i);
      EXPECT_EQ(destination[edge_of[e]], turned.source[e]);
      EXPECT_EQ(g.type[edge_of[e]], turned.type[e]);
    }
  std::sort(edge_of.begin(), edge_of.end());
  for (int64_t e = 0; e < g.edges(); ++e) EXPECT_EQ(edge_of[e], e);
  EXPECT_EQ(transpose(turned).source, g.source);
}

TEST(AttentionGraph, CheckNamesWhatIsWrong) {
  const Csr edges = symmetric_csr(3, {{0, 1}, {1, 2}}, false);
  const AttentionGraph good = build_attention_graph(edges, nullptr, true, true);
  AttentionGraph g = good;
  g.source[0] = 7;
  EXPECT_EQ(message(g), "g: edge 0 of row 0: source 7, expected 0 to 2");
  g = good;
  g.type[0] = 3;
  EXPECT_EQ(message(g), "g: edge 0 of row 0: type 3, expected 0 to 2");
  g = good;
  std::swap(g.source[2], g.source[3]);
  EXPECT_EQ(message(g), "g: row 1 is not sorted by (type, source) at edge 3");
  g = good;
  g.source.pop_back();
  EXPECT_NE(message(g).find("the last row_start"), std::string::npos);
  g = good;
  g.row_start[1] = 6;
  EXPECT_NE(message(g).find("row_start[2]"), std::string::npos);
  g = good;
  g.type.pop_back();
  EXPECT_NE(message(g).find("types, expected"), std::string::npos);
  EXPECT_NE(message(AttentionGraph{}).find("begin with 0"), std::string::npos);
  g = good;
  g.source[0] = 2;
  EXPECT_NE(message(g).find("said to be symmetric"), std::string::npos);
  g.symmetric = false;
  EXPECT_EQ(message(g), "");
}

}  // namespace
}  // namespace graphsieve
