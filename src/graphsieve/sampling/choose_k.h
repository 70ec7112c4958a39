// SPDX-License-Identifier: Apache-2.0
// The choice of network.k from the scores: in each layer, the smallest k whose draw is near enough to the whole
// attention.
#pragma once

#include <nlohmann/json.hpp>

#include "graphsieve/base/observer.h"
#include "graphsieve/sampling/edges_per_node.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// The choice of k for one layer, with the errors of all tried values of k.
struct ChosenK {
  std::vector<int64_t> k;     ///< the tried values
  std::vector<double> error;  ///< error of each tried value
  int64_t chosen = 0;         ///< one of the tried values
  double left = 0;            ///< error of the chosen value
};

/// Chooses, for each layer of the graph, the first tried k whose error in the draw of (seed, epoch) is at most
/// asked.epsilon. If no tried k has an error at most asked.epsilon, the k of the smallest error is chosen, and the
/// observer gets a message that says so. The largest k that can be tried is the largest degree, but at most 256. For
/// the error `mass`, every k is tried. For the error `operator_norm`, each trial costs a power iteration, and a larger
/// k need not be better; k = 1 to 8 are tried, then values that grow by a quarter, up to the first k that is good
/// enough. Throws Interrupted if the observer asks to stop.
std::vector<ChosenK> choose_k(const EdgesPerNode& asked, const ScoredGraph& graph, const Sampler& sampler,
                              uint64_t seed, int64_t epoch, Observer& observer);

/// Returns the chosen k of each layer.
std::vector<int64_t> k_of(const std::vector<ChosenK>& layers);
/// Returns ln n / (ε² u), the edges per node of which the sampling theorem asks for a constant multiple ("Even Sparser
/// Graph Transformers", theorem E.5: n log n / ε² edges for an error ε of the operator norm). `underestimation` u is
/// the smallest factor between the scores that edges are drawn by and the attention that they stand for.
double edges_per_node_of_theorem(int64_t nodes, double epsilon, double underestimation = 1);

/// Returns the content of epsilon.json (docs/run-folder.md) for a graph of `nodes` nodes.
nlohmann::json epsilon_json(const EdgesPerNode& asked, const std::string& sampler, int64_t epoch,
                            const std::vector<ChosenK>& layers, int64_t nodes);

}  // namespace graphsieve
