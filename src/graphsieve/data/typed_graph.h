// SPDX-License-Identifier: Apache-2.0
// Conversion of a list of edges with types to rows.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Returns the simple graph of a list of (source, destination) pairs with a type each: both directions of each edge
/// unless `directed`, without self loops and without repetitions of a pair with one type. `names` are the names of the
/// types. Throws Error, beginning with `where`, if an id is not in [0, nodes), a type is not below the number of names,
/// or there are more than kMostDataTypes names.
StoredGraph typed_graph(int64_t nodes, const std::vector<std::pair<int32_t, int32_t>>& edges,
                        const std::vector<uint8_t>& types, std::vector<std::string> names, bool directed,
                        const std::string& where);

}  // namespace graphsieve
