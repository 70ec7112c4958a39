// SPDX-License-Identifier: Apache-2.0
// How many nodes have how many in-edges, and how many of the edges remain if each node keeps at most k of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace graphsieve {

/// Numbers of nodes by in-degree: element d is the number of nodes with d in-edges.
using DegreeCounts = std::vector<int64_t>;

/// Counts the nodes by degree(node), for the nodes 0 to `nodes` - 1.
DegreeCounts degree_counts(int64_t nodes, const std::function<int64_t(int64_t)>& degree);

/// Counts the rows of a graph by their number of edges. Row i has row_start[i + 1] - row_start[i] edges.
DegreeCounts degree_counts(std::span<const int64_t> row_start);

/// Returns the share of the graph's edges that draws of k edges per node keep, as the mean over the layers (`k` has one
/// number per layer). A node of degree d keeps min(d, k) distinct edges. 0 if there are no edges.
double edge_share(const DegreeCounts& counts, const std::vector<int64_t>& k);

}  // namespace graphsieve
