// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/generate_power_law.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/graph/permutation.h"

namespace graphsieve {
namespace {

constexpr double kCommunity = 8;  // nodes per community over mean degree; in a larger community fewer edges repeat
constexpr int64_t kLeastCommunity = 64;
constexpr double kStray = 0.1;                // share of nodes that do not have their community's class
constexpr double kBeacons = 1.0 / 16;         // share of nodes with the mean of their own class
constexpr int64_t kGeneratedBlock = 1 << 14;  // nodes per parallel block

/// The use of a random number, a part of its key.
enum For : uint64_t { kPlace, kHub, kOrder, kClass, kStrays, kBeacon, kMean, kOwnMean, kNoise, kEdges, kSplit };

/// Computes classes, features and edges of single nodes. Each result depends only on the parameters and the node.
class Maker {
 public:
  explicit Maker(const PowerLawGraph& g)
      : g_(g),
        key_(random_key(g.seed, Stream::kGenerate)),
        place_(g.nodes, random_key(key_, kPlace)),
        hub_(g.nodes, random_key(key_, kHub)),
        tail_(1 / (1 - 1 / (g.exponent - 1))),
        size_(std::max<int64_t>(kLeastCommunity, std::llround(kCommunity * g.degree))) {
    const int64_t pairs = (g.classes + 1) / 2;
    mean_ = means(pairs, kMean);
    own_mean_ = means(g.classes, kOwnMean);
  }

  int32_t class_of(int64_t node) const {
    const bool stray = uniform(random_key(key_, kStrays, node)) < kStray;
    const uint64_t of =
        stray ? random_key(key_, kClass, ~uint64_t{0}, node) : random_key(key_, kClass, community(node));
    return static_cast<int32_t>(uniform_below(of, static_cast<uint64_t>(g_.classes)));
  }

  void features(int64_t node, float* to) const {
    const int32_t c = class_of(node);
    const bool beacon = uniform(random_key(key_, kBeacon, node)) < kBeacons;
    const float* mean = beacon ? &own_mean_[c * g_.columns] : &mean_[c / 2 * g_.columns];
    const uint64_t key = random_key(key_, kNoise, node);
    for (int64_t i = 0; i < g_.columns; ++i) to[i] = mean[i] + static_cast<float>(g_.noise * normal(key, i));
  }

  /// Appends both directions of the edges that a node begins. A node begins half of its mean degree of edges; the other
  /// half are begun by other nodes.
  void edges(int64_t node, std::vector<uint64_t>& to) const {
    const uint64_t key = random_key(key_, kEdges, node);
    const double half = g_.degree / 2, whole = std::floor(half);
    const int64_t count = static_cast<int64_t>(whole) + (uniform(random_key(key, 0)) < half - whole);
    const int64_t first = community(node) * size_;
    const int64_t size = std::min(size_, g_.nodes - first);
    for (int64_t e = 1; e <= count; ++e) {
      // With the probability `homophily`, the other end is any node of the same community; otherwise it is a hub. The
      // rank r of the hub has a density proportional to r^(−1 / (exponent − 1)), which gives the degrees a tail with
      // this exponent.
      const double u = uniform(random_key(key, e, 1));
      int64_t other;
      if (uniform(random_key(key, e, 2)) < g_.homophily)
        other = static_cast<int64_t>(place_.inverse(
            static_cast<uint64_t>(first + std::min(size - 1, static_cast<int64_t>(u * static_cast<double>(size))))));
      else
        other = static_cast<int64_t>(hub_(static_cast<uint64_t>(
            std::min(g_.nodes - 1, static_cast<int64_t>(static_cast<double>(g_.nodes) * std::pow(u, tail_))))));
      to.push_back(edge_key(node, other));
      to.push_back(edge_key(other, node));
    }
  }

 private:
  uint64_t place(int64_t node) const { return place_(static_cast<uint64_t>(node)); }
  int64_t community(int64_t node) const { return static_cast<int64_t>(place(node)) / size_; }

  std::vector<float> means(int64_t count, For what) const {
    std::vector<float> to(count * g_.columns);
    for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(normal(random_key(key_, what), i));
    return to;
  }

  const PowerLawGraph& g_;
  uint64_t key_;
  KeyedPermutation place_, hub_;  ///< place_: node -> position among the communities; hub_: rank among the hubs -> node
  double tail_;                   ///< exponent that turns a uniform number into a rank among the hubs
  int64_t size_;                  ///< nodes per community
  std::vector<float> mean_, own_mean_;
};

/// Throws Error if a parameter is out of range.
void check(const PowerLawGraph& g) {
  const auto within = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      throw Error("generate: ", name, " is ", value, ", expected ", low, " to ", high);
  };
  within("nodes", static_cast<double>(g.nodes), 2, std::numeric_limits<int32_t>::max() - 1);
  within("degree", g.degree, 0.1, 1e5);
  within("exponent", g.exponent, 2.05, 100);
  within("homophily", g.homophily, 0, 1);
  within("classes", static_cast<double>(g.classes), 2, 1e5);
  within("columns", static_cast<double>(g.columns), 1, 1e5);
  within("noise", g.noise, 0, 1e6);
}

/// Calls make() for several blocks of nodes in parallel, then take() for each of them in order, until all blocks are
/// done. Only the results of these few blocks are in memory.
template <class Result, class Make, class Take>
void in_order(int64_t nodes, Make make, Take take) {
  const int64_t blocks = (nodes + kGeneratedBlock - 1) / kGeneratedBlock, together = 16;
  std::vector<Result> results(together);
  for (int64_t first = 0; first < blocks; first += together) {
    const int64_t count = std::min(together, blocks - first);
    parallel_for(count, [&](int64_t b) {
      const int64_t begin = (first + b) * kGeneratedBlock;
      make(begin, std::min(begin + kGeneratedBlock, nodes), results[b]);
    });
    for (int64_t b = 0; b < count; ++b) take(results[b], std::min((first + b + 1) * kGeneratedBlock, nodes));
  }
}

}  // namespace

void generate_power_law(const PowerLawGraph& graph, const std::filesystem::path& folder,
                        const GenerateOptions& options) {
  check(graph);
  const auto tell = [&](double share) {
    if (options.progress) options.progress(share);
  };
  const auto share = [&graph](int64_t done) { return static_cast<double>(done) / static_cast<double>(graph.nodes); };
  const Maker maker(graph);
  GraphFolderWriter to(folder, graph.nodes, false, options.overwrite);

  // Features, labels and edges are written one after the other, so that they are never in memory together. The class of
  // a node is computed again where it is needed.
  to.begin_features(graph.columns, options.features);
  in_order<std::vector<float>>(
      graph.nodes,
      [&](int64_t begin, int64_t end, std::vector<float>& rows) {
        rows.resize((end - begin) * graph.columns);
        for (int64_t i = begin; i < end; ++i) maker.features(i, &rows[(i - begin) * graph.columns]);
      },
      [&](const std::vector<float>& rows, int64_t done) { to.add_features(rows), tell(0.3 * share(done)); });

  Labels labels;
  labels.classes = graph.classes;
  labels.single.resize(graph.nodes);
  parallel_blocks(graph.nodes, kGeneratedBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) labels.single[i] = maker.class_of(i);
  });
  to.write_labels(labels);
  to.write_splits({random_split(labels, 0.5, 0.25, random_key(graph.seed, Stream::kGenerate, kSplit))});
  labels = {};

  ExternalSort edges(to.scratch(), options.memory);
  in_order<std::vector<uint64_t>>(
      graph.nodes,
      [&](int64_t begin, int64_t end, std::vector<uint64_t>& keys) {
        keys.clear();
        for (int64_t i = begin; i < end; ++i) maker.edges(i, keys);
      },
      [&](const std::vector<uint64_t>& keys, int64_t done) {
        for (const uint64_t key : keys) edges.add(key);
        tell(0.3 + 0.4 * share(done));
      });
  to.add_edges(edges, [&](double done) { tell(0.7 + 0.3 * done); });
  to.commit("generated-power-law", "default");
  tell(1);
}

}  // namespace graphsieve
