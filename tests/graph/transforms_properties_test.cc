// SPDX-License-Identifier: Apache-2.0
// Lists of edges into rows, and rows into their transposes, against versions that are obvious.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

using Edges = std::vector<std::pair<int32_t, int32_t>>;

Edges any_edges(int32_t nodes) {
  return *rc::gen::container<Edges>(
      rc::gen::pair(rc::gen::inRange<int32_t>(0, nodes), rc::gen::inRange<int32_t>(0, nodes)));
}

RC_GTEST_PROP(SymmetricCsrProperty, IsTheSetOfEdges, ()) {
  const auto nodes = *rc::gen::inRange<int32_t>(1, 40);
  const bool directed = *rc::gen::arbitrary<bool>();
  const Edges edges = any_edges(nodes);
  std::set<std::pair<int32_t, int32_t>> expected;  // destination, source
  int64_t loops = 0;
  for (const auto& [s, d] : edges) {
    loops += s == d;
    if (s == d) continue;
    expected.emplace(d, s);
    if (!directed) expected.emplace(s, d);
  }
  GraphNotes notes;
  const Csr rows = symmetric_csr(nodes, edges, directed, &notes);
  std::vector<std::pair<int32_t, int32_t>> found;
  for (int32_t i = 0; i < nodes; ++i)
    for (int64_t e = rows.row_start[i]; e < rows.row_start[i + 1]; ++e) found.emplace_back(i, rows.source[e]);
  RC_ASSERT(found == std::vector(expected.begin(), expected.end()));
  RC_ASSERT(notes.loops == loops);
  const auto kept = static_cast<int64_t>(expected.size()) / (directed ? 1 : 2);
  RC_ASSERT(notes.duplicates == static_cast<int64_t>(edges.size()) - loops - kept);
}

/// Rows of (type, source), where a pair may stand twice.
AttentionGraph any_graph() {
  AttentionGraph graph;
  graph.types = *rc::gen::inRange(1, 6);
  graph.symmetric = false;
  const auto nodes = *rc::gen::inRange<int32_t>(1, 30);
  graph.row_start.push_back(0);
  for (int32_t i = 0; i < nodes; ++i) {
    using Row = std::vector<std::pair<int, int32_t>>;
    Row row =
        *rc::gen::container<Row>(rc::gen::pair(rc::gen::inRange(0, graph.types), rc::gen::inRange<int32_t>(0, nodes)));
    std::sort(row.begin(), row.end());
    for (const auto& [type, source] : row)
      graph.type.push_back(static_cast<uint8_t>(type)), graph.source.push_back(source);
    graph.row_start.push_back(graph.edges());
  }
  return graph;
}

/// Destination, type, source and place of each edge.
using Listed = std::vector<std::tuple<int64_t, uint8_t, int64_t>>;

Listed listed(const AttentionGraph& graph) {
  Listed out;
  for (int64_t i = 0; i < graph.nodes(); ++i)
    for (int64_t e = graph.row_start[i]; e < graph.row_start[i + 1]; ++e)
      out.emplace_back(i, graph.type[e], graph.source[e]);
  return out;
}

RC_GTEST_PROP(TransposeProperty, TurnsEveryEdgeRound, ()) {
  const AttentionGraph graph = any_graph();
  std::vector<int64_t> edge_of;
  const AttentionGraph turned = transpose(graph, &edge_of);
  const Listed edges = listed(graph), back = listed(turned);
  Listed expected;
  for (const auto& [d, type, s] : edges) expected.emplace_back(s, type, d);
  std::sort(expected.begin(), expected.end());
  RC_ASSERT(back == expected);
  RC_ASSERT(std::set(edge_of.begin(), edge_of.end()).size() == edges.size());
  for (size_t e = 0; e < back.size(); ++e) {
    const auto [d, type, s] = back[e];
    RC_ASSERT(edges.at(edge_of.at(e)) == std::tuple(s, type, d));
  }
  RC_ASSERT(listed(transpose(turned)) == edges);
}

}  // namespace
}  // namespace graphsieve
