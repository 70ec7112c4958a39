// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/attention_graph.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/graph/expander.h"

namespace graphsieve {
namespace {

constexpr int64_t kRowBlock = 2048;

int64_t row_length(const CsrView& rows, int64_t i) { return rows.row_start[i + 1] - rows.row_start[i]; }

/// Writes edges of one type from position `at` on. Returns the position after them.
int64_t put(std::span<const int32_t> sources, EdgeType type, int64_t at, AttentionGraph& out) {
  std::copy(sources.begin(), sources.end(), out.source.begin() + at);
  std::fill_n(out.type.begin() + at, sources.size(), type);
  return at + static_cast<int64_t>(sources.size());
}

/// Returns how many of a row's edges have the data's first type. They come first in the row.
int64_t first_types(const std::optional<CsrView>& rows, int64_t begin, int64_t length) {
  if (!rows || rows->type.empty()) return length;
  const auto types = rows->type.subspan(begin, length);
  return std::upper_bound(types.begin(), types.end(), 0) - types.begin();
}

/// Throws Error unless the row's sources and types are in range and sorted by (type, source).
void check_row(const AttentionGraph& graph, int64_t i, const std::string& name) {
  for (int64_t e = graph.row_start[i]; e < graph.row_start[i + 1]; ++e) {
    if (graph.source[e] < 0 || graph.source[e] >= graph.nodes())
      throw Error(name, ": edge ", e, " of row ", i, ": source ", graph.source[e], ", expected 0 to ",
                  graph.nodes() - 1);
    if (graph.type[e] >= graph.types)
      throw Error(name, ": edge ", e, " of row ", i, ": type ", int{graph.type[e]}, ", expected 0 to ",
                  graph.types - 1);
    if (e == graph.row_start[i]) continue;
    if (graph.type[e - 1] > graph.type[e] ||
        (graph.type[e - 1] == graph.type[e] && graph.source[e - 1] > graph.source[e]))
      throw Error(name, ": row ", i, " is not sorted by (type, source) at edge ", e);
  }
}

/// Throws Error unless the row starts ascend from 0 to the number of edges.
void check_row_starts(const AttentionGraph& graph, const std::string& name) {
  if (graph.row_start.empty() || graph.row_start.front() != 0) throw Error(name, ": row_start must begin with 0");
  for (int64_t i = 0; i < graph.nodes(); ++i)
    if (graph.row_start[i + 1] < graph.row_start[i])
      throw Error(name, ": row_start[", i + 1, "] = ", graph.row_start[i + 1], ", expected at least ",
                  graph.row_start[i]);
  if (graph.row_start.back() != graph.edges())
    throw Error(name, ": the last row_start is ", graph.row_start.back(), ", expected the ", graph.edges(), " sources");
  if (graph.type.size() != graph.source.size())
    throw Error(name, ": ", graph.type.size(), " types, expected ", graph.source.size(), ", one per source");
}

}  // namespace

AttentionGraph build_attention_graph(std::optional<CsrView> graph_edges, const ExpanderRows* expander, bool self_loops,
                                     bool symmetric) {
  if (!graph_edges && !expander) throw Error("attention graph: neither graph edges nor expander edges are given");
  const int64_t nodes = graph_edges ? graph_edges->nodes() : expander->nodes();
  if (expander && expander->nodes() != nodes)
    throw Error("attention graph: the expander has ", expander->nodes(), " nodes, expected the graph's ", nodes);
  AttentionGraph out;
  out.symmetric = symmetric;
  if (graph_edges) out.types = attention_types(graph_edges->types);
  // The lengths of all rows are known before any edge is written, so each row is written to its final position, in
  // parallel. The order of the types within a row is graph edges, expander edges, self loop, other types of the data.
  out.row_start.assign(nodes + 1, 0);
  parallel_blocks(nodes, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out.row_start[i + 1] =
          (graph_edges ? row_length(*graph_edges, i) : 0) + (expander ? expander->degree_of(i) : 0) + self_loops;
  });
  for (int64_t i = 0; i < nodes; ++i) out.row_start[i + 1] += out.row_start[i];
  {
    const ScratchFirst read_in_order;
    out.source.resize(out.row_start[nodes]);
    out.type.resize(out.row_start[nodes]);
  }
  parallel_blocks(nodes, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t at = out.row_start[i];
      const int64_t begin = graph_edges ? graph_edges->row_start[i] : 0;
      const int64_t length = graph_edges ? row_length(*graph_edges, i) : 0,
                    first = first_types(graph_edges, begin, length);
      if (first > 0) at = put(graph_edges->source.subspan(begin, first), kGraphEdge, at, out);
      if (expander) at = put(expander->neighbors(i), kExpanderEdge, at, out);
      const auto self = static_cast<int32_t>(i);
      if (self_loops) at = put({&self, 1}, kSelfLoop, at, out);
      for (int64_t e = begin + first; e < begin + length; ++e, ++at) {
        out.source[at] = graph_edges->source[e];
        out.type[at] = attention_type(graph_edges->type[e]);
      }
    }
  });
  return out;
}

AttentionGraph transpose(const AttentionGraph& graph, std::vector<int64_t>* edge_of) {
  const int64_t nodes = graph.nodes(), edges = graph.edges();
  AttentionGraph out;
  out.types = graph.types;
  out.symmetric = graph.symmetric;
  // A counting sort by source. The passes over the types, and over the rows within a type, are in ascending order, so
  // every new row is sorted by (type, source).
  out.row_start.assign(nodes + 1, 0);
  for (int32_t source : graph.source) ++out.row_start[source + 1];
  for (int64_t i = 0; i < nodes; ++i) out.row_start[i + 1] += out.row_start[i];
  out.source.resize(edges);
  out.type.resize(edges);
  if (edge_of) edge_of->resize(edges);
  LargeVector<int64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  LargeVector<int64_t> from(graph.row_start.begin(), graph.row_start.end() - 1);
  // The edges of one type are consecutive in a row, so the pass of a type continues where the last one ended.
  for (int type = 0; type < graph.types; ++type)
    for (int64_t i = 0; i < nodes; ++i)
      for (; from[i] < graph.row_start[i + 1] && graph.type[from[i]] == type; ++from[i]) {
        const int64_t to = next[graph.source[from[i]]]++;
        out.source[to] = static_cast<int32_t>(i);
        out.type[to] = static_cast<uint8_t>(type);
        if (edge_of) (*edge_of)[to] = from[i];
      }
  return out;
}

void check(const AttentionGraph& graph, const std::string& name) {
  check_row_starts(graph, name);
  parallel_blocks(graph.nodes(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) check_row(graph, i, name);
  });
  if (!graph.symmetric) return;
  const AttentionGraph turned = transpose(graph);
  for (int64_t i = 0; i < graph.nodes(); ++i) {
    const int64_t begin = graph.row_start[i], end = graph.row_start[i + 1];
    if (turned.row_start[i + 1] != end ||
        !std::equal(graph.source.begin() + begin, graph.source.begin() + end, turned.source.begin() + begin) ||
        !std::equal(graph.type.begin() + begin, graph.type.begin() + end, turned.type.begin() + begin))
      throw Error(name, ": said to be symmetric, but the edges into node ", i, " differ from those out of it");
  }
}

}  // namespace graphsieve
