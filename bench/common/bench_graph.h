// SPDX-License-Identifier: Apache-2.0
// The graphs that kernels are measured on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::bench {

struct BenchGraph {
  std::string name;
  AttentionGraph by_destination, by_source;  ///< by_source is empty where the graph is symmetric

  kernels::TypedEdges edges() const { return view(by_destination); }
  kernels::TypedEdges transposed() const { return view(by_destination.symmetric ? by_destination : by_source); }

 private:
  static kernels::TypedEdges view(const AttentionGraph& g) {
    return {g.nodes(), g.row_start.data(), g.source.data(), g.type.data()};
  }
};

/// The attention graph of a run folder: scores/row_start.npy, source.npy and type.npy. `scores` of a folder may be
/// given as well. Whether it is symmetric is found out.
BenchGraph read_graph(const std::filesystem::path& folder);

/// Random sources, keyed; the types of a row are 10/25 graph, 14/25 expander, one self loop.
BenchGraph random_graph(int64_t nodes, int64_t in_degree, uint64_t seed);

}  // namespace graphsieve::bench
