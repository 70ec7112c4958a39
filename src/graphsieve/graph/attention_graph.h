// SPDX-License-Identifier: Apache-2.0
// The attention graph: which nodes attend to which. It consists of directed edges source -> destination, each with a
// type, stored by destination.
//
// Example with three nodes; nodes 0 and 1 are joined in the data, and each node has a self loop:
//   row_start = {0, 2, 4, 5}     source = {1, 0,  0, 1,  2}     type = {0, 2,  0, 2,  2}
// Row i holds the in-edges of destination i, sorted by (type, source). A (type, source) pair can occur several times in
// a row, since two expander cycles can share an edge. Each occurrence counts as an edge.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/large_memory.h"

namespace graphsieve {

/// Edge types of the attention graph. If the data has T edge types, its first type is kGraphEdge, and the others follow
/// the types of the method: 0, 3, 4, … T + 1.
enum EdgeType : uint8_t { kGraphEdge = 0, kExpanderEdge = 1, kSelfLoop = 2, kFirstUserType = 3 };

/// Largest number of edge types in the data. The kernels look up an edge's softmax weights by its type, and each type
/// needs a row of weights.
inline constexpr int kMostDataTypes = 64;

/// Returns the attention graph's number for the data's edge type `t`.
constexpr uint8_t attention_type(int t) { return static_cast<uint8_t>(t == 0 ? kGraphEdge : kFirstUserType + t - 1); }

/// Returns the number of edge types in the attention graph if the data has `data_types` types.
constexpr int attention_types(int data_types) { return kFirstUserType + data_types - 1; }

/// Edges without types, stored by destination. The sources of row i are source[row_start[i] … row_start[i + 1]),
/// ascending.
struct Csr {
  LargeVector<int64_t> row_start;  ///< [nodes + 1]
  LargeVector<int32_t> source;     ///< [edges]
  int64_t nodes() const { return static_cast<int64_t>(row_start.size()) - 1; }
  int64_t edges() const { return static_cast<int64_t>(source.size()); }
};

/// A view of edges by destination in memory that the view does not own: a Csr, or the arrays of a mapped file. If the
/// data has edge types, the edges of a row are sorted by (type, source).
struct CsrView {
  std::span<const int64_t> row_start;
  std::span<const int32_t> source;
  std::span<const uint8_t> type;  ///< [edges], below `types`; empty: all edges have type 0
  int types = 1;
  CsrView() = default;
  CsrView(std::span<const int64_t> starts, std::span<const int32_t> sources) : row_start(starts), source(sources) {}
  CsrView(const Csr& csr) : row_start(csr.row_start), source(csr.source) {}
  int64_t nodes() const { return static_cast<int64_t>(row_start.size()) - 1; }
  int64_t edges() const { return static_cast<int64_t>(source.size()); }
};

/// The attention graph, stored by destination.
struct AttentionGraph {
  LargeVector<int64_t> row_start;  ///< [nodes + 1]
  LargeVector<int32_t> source;     ///< [edges]
  LargeVector<uint8_t> type;       ///< [edges], below `types`
  int types = 3;                   ///< number of edge types
  bool symmetric = true;           ///< j -> i exists as often as i -> j for each type: the graph is its own transpose
  int64_t nodes() const { return static_cast<int64_t>(row_start.size()) - 1; }
  int64_t edges() const { return static_cast<int64_t>(source.size()); }
};

/// A view of an attention graph in memory that the view does not own: an AttentionGraph, or the arrays of mapped files.
struct AttentionGraphView {
  std::span<const int64_t> row_start;
  std::span<const int32_t> source;
  std::span<const uint8_t> type;
  int types = 3;
  bool symmetric = true;
  AttentionGraphView() = default;
  AttentionGraphView(const AttentionGraph& graph)
      : row_start(graph.row_start),
        source(graph.source),
        type(graph.type),
        types(graph.types),
        symmetric(graph.symmetric) {}
  int64_t nodes() const { return static_cast<int64_t>(row_start.size()) - 1; }
  int64_t edges() const { return static_cast<int64_t>(source.size()); }
};

class ExpanderRows;

/// Builds the attention graph of the given parts: edges of the data (kGraphEdge for the first type, kFirstUserType and
/// above for the others), expander edges (kExpanderEdge) and self loops (kSelfLoop). The expander's rows are computed
/// one at a time. `symmetric` is stored as given. Throws Error if neither graph edges nor an expander is given, or if
/// they differ in their number of nodes.
GRAPHSIEVE_API AttentionGraph build_attention_graph(std::optional<CsrView> graph_edges, const ExpanderRows* expander,
                                                    bool self_loops, bool symmetric);

/// Returns the graph with all edges reversed and its rows sorted as above. Takes linear time. If `edge_of` is given,
/// edge_of[e] becomes the index in `graph` of the transpose's edge e.
GRAPHSIEVE_API AttentionGraph transpose(const AttentionGraph& graph, std::vector<int64_t>* edge_of = nullptr);

/// Throws Error, beginning with `name`, unless the graph has the properties described above: row starts, ids, types,
/// the order within rows and, if `symmetric` is set, equality with its transpose. Takes linear time.
GRAPHSIEVE_API void check(const AttentionGraph& graph, const std::string& name);

}  // namespace graphsieve
