// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/transforms.h"

#include <algorithm>
#include <limits>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

using EdgeList = std::vector<std::pair<int32_t, int32_t>>;

/// Returns the number of loops in the list. Throws Error if an id is out of range.
int64_t checked_loops(int64_t nodes, const EdgeList& edges) {
  if (nodes < 0 || nodes > std::numeric_limits<int32_t>::max())
    throw Error("graph: ", nodes, " nodes, expected 0 to ", std::numeric_limits<int32_t>::max());
  int64_t loops = 0;
  for (size_t e = 0; e < edges.size(); ++e) {
    const auto [source, destination] = edges[e];
    if (source < 0 || source >= nodes || destination < 0 || destination >= nodes)
      throw Error("edges row ", e, ": (", source, ", ", destination, "), expected ids from 0 to ", nodes - 1);
    loops += source == destination;
  }
  return loops;
}

void prefix_sum(LargeVector<int64_t>& counts) {
  for (size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
}

/// Returns the edges in rows by source, each row with its destinations in the order of the list. Loops are omitted, and
/// both directions of an edge are added unless `directed`.
Csr by_source(int64_t nodes, const EdgeList& edges, bool directed) {
  Csr out;
  out.row_start.assign(nodes + 1, 0);
  for (const auto& [source, destination] : edges) {
    if (source == destination) continue;
    ++out.row_start[source + 1];
    if (!directed) ++out.row_start[destination + 1];
  }
  prefix_sum(out.row_start);
  out.source.resize(out.row_start[nodes]);
  LargeVector<int64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  for (const auto& [source, destination] : edges) {
    if (source == destination) continue;
    out.source[next[source]++] = destination;
    if (!directed) out.source[next[destination]++] = source;
  }
  return out;
}

/// Returns the transpose of the rows. Every new row is ascending, because the old rows are read in ascending order.
Csr flipped(const Csr& rows) {
  const int64_t nodes = rows.nodes();
  Csr out;
  out.row_start.assign(nodes + 1, 0);
  for (int32_t id : rows.source) ++out.row_start[id + 1];
  prefix_sum(out.row_start);
  out.source.resize(rows.source.size());
  LargeVector<int64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  for (int64_t i = 0; i < nodes; ++i)
    for (int64_t e = rows.row_start[i]; e < rows.row_start[i + 1]; ++e)
      out.source[next[rows.source[e]]++] = static_cast<int32_t>(i);
  return out;
}

/// Removes repeated sources from ascending rows, in place.
void drop_duplicates(Csr& rows) {
  int64_t kept = 0;
  for (int64_t i = 0, begin = 0; i < rows.nodes(); ++i) {
    const int64_t end = rows.row_start[i + 1];
    const int64_t first = kept;
    for (int64_t e = begin; e < end; ++e)
      if (kept == first || rows.source[kept - 1] != rows.source[e]) rows.source[kept++] = rows.source[e];
    rows.row_start[i + 1] = kept;
    begin = end;
  }
  rows.source.resize(kept);
  rows.source.shrink_to_fit();
}

/// Counts the isolated nodes, which have neither in-edges nor out-edges, and finds the longest row.
void count_degrees(const Csr& rows, GraphNotes& notes) {
  std::vector<bool> touched(rows.nodes(), false);
  for (int32_t id : rows.source) touched[id] = true;
  for (int64_t i = 0; i < rows.nodes(); ++i) {
    const int64_t degree = rows.row_start[i + 1] - rows.row_start[i];
    notes.max_degree = std::max(notes.max_degree, degree);
    notes.isolated += degree == 0 && !touched[i];
  }
}

}  // namespace

Csr symmetric_csr(int64_t nodes, const EdgeList& edges, bool directed, GraphNotes* notes) {
  const int64_t loops = checked_loops(nodes, edges);
  Csr out = flipped(by_source(nodes, edges, directed));
  drop_duplicates(out);
  if (notes != nullptr) {
    *notes = GraphNotes{};
    notes->loops = loops;
    notes->duplicates = static_cast<int64_t>(edges.size()) - loops - (directed ? out.edges() : out.edges() / 2);
    count_degrees(out, *notes);
  }
  return out;
}

}  // namespace graphsieve
