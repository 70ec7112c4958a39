// A synthetic graph of any size, straight to disk. Every number is keyed by what it is for, so the same graph comes out
// whatever the memory and the number of threads.
//
// Nodes are in communities of 8 mean degrees, at least 64. A node's class is its community's, but for one node in ten. Edges: a share
// `homophily` of a node's edges stays in its community, the rest go anywhere, to node j in proportion to a weight that
// falls as a power of j's place in a hidden order: hubs. Features: a mean that pairs of classes share (2a and 2a + 1), with
// noise; one node in sixteen, a beacon, shows its class's own mean instead. So one class of a pair is told from the other
// by beacons alone, some steps away: the signal that reaches farther than the neighbours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "graphsieve/base/half.h"

namespace graphsieve {

struct PowerLawGraph {
  int64_t nodes = 100000;
  double degree = 20;        ///< mean, before repeated edges are dropped
  double exponent = 2.5;     ///< of the tail of the degrees, > 2
  double homophily = 0.7;    ///< share of edges inside a community
  int64_t classes = 10;
  int64_t columns = 64;      ///< features
  double noise = 2;          ///< standard deviation of a feature; the means' is 1
  uint64_t seed = 0;
};

struct GenerateOptions {
  FloatType features = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;  ///< bytes for sorting edges
  bool overwrite = false;
  std::function<void(double)> progress = {};  ///< told the share done; may throw to stop
};

/// Writes a graph folder with one split (50 / 25 / 25) named "generated-power-law". Disk: 16 bytes an edge more while it
/// works. Memory: `memory`, and 12 bytes a node. Throws Error on numbers out of range, naming them, and as the writer does.
void generate_power_law(const PowerLawGraph& graph, const std::filesystem::path& folder, const GenerateOptions& options);

}  // namespace graphsieve
