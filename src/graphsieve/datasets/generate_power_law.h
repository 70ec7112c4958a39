// SPDX-License-Identifier: Apache-2.0
// A synthetic graph of any size that is written directly to the disk. Every random number is keyed by what it is used
// for, so the same graph results from any memory and any number of threads.
//
// A community has 8 times as many nodes as the mean degree, and at least 64. The class of a node is the class of its
// community, except for one node in ten. Edges: a share `homophily` of a node's edges stays in its community. The other
// edges go to any node, with a probability that falls as a power of the node's rank in a hidden order, so the first
// nodes of the order are hubs. Features: the mean of a pair of classes (2a and 2a + 1), plus noise. One node in
// sixteen, called a beacon, has the mean of its own class instead. So only beacons, some steps away, distinguish the
// two classes of a pair: the graph has a signal that reaches farther than the neighbours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "graphsieve/base/half.h"

namespace graphsieve {

/// The parameters of the graph.
struct PowerLawGraph {
  int64_t nodes = 100000;
  double degree = 20;      ///< mean degree, before repeated edges are dropped
  double exponent = 2.5;   ///< exponent of the power law that the largest degrees follow, > 2
  double homophily = 0.7;  ///< share of edges inside a community
  int64_t classes = 10;
  int64_t columns = 64;  ///< number of features
  double noise = 2;      ///< standard deviation of the noise; that of the means is 1
  uint64_t seed = 0;
};

/// Options of writing the graph.
struct GenerateOptions {
  FloatType features = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;  ///< memory for sorting the edges, in bytes
  bool overwrite = false;
  std::function<void(double)> progress = {};  ///< is called with the finished share, 0 to 1; may throw to stop
};

/// Writes a graph folder with one split (50 / 25 / 25 %), named "generated-power-law". While it works it needs 16 bytes
/// per edge of extra disk space, and memory of `memory` plus 12 bytes per node. Throws Error if a number is out of
/// range, naming the number, and as GraphFolderWriter does.
void generate_power_law(const PowerLawGraph& graph, const std::filesystem::path& folder,
                        const GenerateOptions& options);

}  // namespace graphsieve
