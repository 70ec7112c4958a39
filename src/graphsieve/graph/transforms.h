// SPDX-License-Identifier: Apache-2.0
// Conversion of a list of edges to rows of sources.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

/// What symmetric_csr() found and dropped.
struct GraphNotes {
  int64_t loops = 0;       ///< listed edges from a node to itself; dropped
  int64_t duplicates = 0;  ///< listed edges that repeat another one (in either direction unless directed); dropped
  int64_t isolated = 0;    ///< nodes without any edge left
  int64_t max_degree = 0;  ///< longest row
};

/// Returns the simple graph of a list of (source, destination) pairs: each edge in both directions unless `directed`,
/// without duplicates and loops. Takes linear time. Throws Error if an id is not in [0, nodes), or if the number of
/// nodes does not fit in 31 bits. `notes` may be null.
Csr symmetric_csr(int64_t nodes, const std::vector<std::pair<int32_t, int32_t>>& edges, bool directed,
                  GraphNotes* notes = nullptr);

}  // namespace graphsieve
