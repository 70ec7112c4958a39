// How well a graph expands.
#pragma once

#include <cstdint>

#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

/// Second-smallest eigenvalue of D - A, D the row lengths and A the (multi)graph, which must be its own transpose; for
/// a regular graph the degree less the second-largest eigenvalue of A. 0 where the graph is not connected. Absolute
/// error below 1e-5 times the largest degree. Sparse, but for up to 64 nodes; never n x n above. The same bits for the
/// same graph and key (the start vector's), at any number of threads. NaN for fewer than 2 nodes, or without
/// convergence.
double spectral_gap(const Csr& graph, uint64_t key);

}  // namespace graphsieve
