// SPDX-License-Identifier: Apache-2.0
// The spectral gap, a measure of how well a graph expands.
#pragma once

#include <cstdint>

#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

/// Returns the second-smallest eigenvalue of D - A, where D has the row lengths on its diagonal and A is the adjacency
/// matrix of the (multi)graph, which must be its own transpose. For a regular graph this is the degree less the
/// second-largest eigenvalue of A. The result is 0 if the graph is not connected, and NaN for fewer than 2 nodes or
/// without convergence. Its absolute error is below 1e-5 times the largest degree. A dense n x n matrix is used for up
/// to 64 nodes only. The result has the same bits for the same graph and key (of the start vector) at any number of
/// threads.
double spectral_gap(const Csr& graph, uint64_t key);

}  // namespace graphsieve
