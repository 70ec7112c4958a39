// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/choose_k.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/sampling/kept_mass.h"
#include "graphsieve/sampling/spectral_error.h"

namespace graphsieve {
namespace {

constexpr int64_t kLargestK = 256;

/// Returns the largest k that is tried: the largest degree, at most kLargestK.
int64_t largest_k(const ops::AttentionEdges& edges) {
  const int64_t* start = edges.row_start.const_data_ptr<int64_t>();
  int64_t largest = 1;
  for (int64_t i = 0; i + 1 < edges.row_start.numel(); ++i) largest = std::max(largest, start[i + 1] - start[i]);
  return std::min(largest, kLargestK);
}

/// Chooses the first k whose error is at most epsilon or, if there is none, the k of the smallest error.
void take(ChosenK& to, double epsilon) {
  const auto within = std::find_if(to.error.begin(), to.error.end(), [&](double e) { return e <= epsilon; });
  const auto taken = within != to.error.end() ? within : std::min_element(to.error.begin(), to.error.end());
  to.chosen = to.k[taken - to.error.begin()];
  to.left = *taken;
}

/// Returns a sentence about the chosen k, for the user.
std::string described(const EdgesPerNode& asked, const ChosenK& layer, double mean_degree) {
  const std::string what = asked.error == "mass"
                               ? fmt::format("keeps {:.3f} of the attention mass", 1 - layer.left)
                               : fmt::format("leaves {:.3f} of the attention matrix in operator norm", layer.left);
  std::string told = fmt::format("k = {} {}", layer.chosen, what);
  if (layer.left > asked.epsilon)
    told +=
        fmt::format("; no k up to {} comes within epsilon {}, and this one is nearest", layer.k.back(), asked.epsilon);
  if (static_cast<double>(layer.chosen) >= mean_degree)
    told += fmt::format("; a node has {:.1f} in-edges in the mean, so that drawing saves nothing here", mean_degree);
  return told;
}

}  // namespace

std::vector<ChosenK> choose_k(const EdgesPerNode& asked, const ScoredGraph& graph, const Sampler& sampler,
                              uint64_t seed, int64_t epoch, Observer& observer) {
  const ops::AttentionEdges& edges = graph.edges();
  const int64_t most = largest_k(edges);
  std::vector<ChosenK> layers(graph.layers());
  const double mean_degree = static_cast<double>(edges.index.numel()) / static_cast<double>(graph.nodes());
  observer.stage("choosing k", graph.layers());
  for (int64_t l = 0; l < graph.layers(); ++l) {
    const DrawKey key{seed, epoch, l};
    if (observer.stop_requested()) throw Interrupted();
    ChosenK& layer = layers[l];
    // The kept mass of all k comes from one pass over the graph. An error in operator norm has to be computed for each
    // k, so only some k are tried, and the search ends with the first k that is good enough.
    if (asked.error == "mass") {
      for (const double kept : kept_mass(edges, graph.scores(l), most, sampler, key)) {
        layer.k.push_back(static_cast<int64_t>(layer.k.size()) + 1);
        layer.error.push_back(std::max(0.0, 1 - kept));
      }
    } else {
      const SpectralError error(edges, graph.scores(l));
      for (int64_t k = 1;; k = std::min(most, k + std::max<int64_t>(1, k / 4))) {
        if (observer.stop_requested()) throw Interrupted();
        layer.k.push_back(k);
        layer.error.push_back(error.of(
            [&](const at::Tensor& rows) { return draw_layer(edges, graph.scores(l), rows, k, sampler, key); }));
        observer.step(l, fmt::format("layer {}, k {}: error {:.3f}", l, k, layer.error.back()));
        if (layer.error.back() <= asked.epsilon || k == most) break;
      }
    }
    take(layer, asked.epsilon);
    observer.information(str("layer ", l, ": ", described(asked, layer, mean_degree)));
    observer.step(l + 1, str("layer ", l, ", k ", layer.chosen));
  }
  return layers;
}

std::vector<int64_t> k_of(const std::vector<ChosenK>& layers) {
  std::vector<int64_t> k;
  for (const ChosenK& layer : layers) k.push_back(layer.chosen);
  return k;
}

double edges_per_node_of_theorem(int64_t nodes, double epsilon, double underestimation) {
  return std::log(static_cast<double>(nodes)) / (epsilon * epsilon * underestimation);
}

nlohmann::json epsilon_json(const EdgesPerNode& asked, const std::string& sampler, int64_t epoch,
                            const std::vector<ChosenK>& layers, int64_t nodes) {
  nlohmann::json rows = nlohmann::json::array();
  for (const ChosenK& layer : layers)
    rows.push_back({{"chosen", layer.chosen},
                    {"error", layer.left},
                    {"within", layer.left <= asked.epsilon},
                    {"curve", {{"k", layer.k}, {"error", layer.error}}}});
  return {{"epsilon", asked.epsilon},
          {"epsilon_of", asked.error},
          {"sampler", sampler},
          {"epoch", epoch},
          {"edges_per_node_of_theorem", edges_per_node_of_theorem(nodes, asked.epsilon)},
          {"layers", rows}};
}

}  // namespace graphsieve
