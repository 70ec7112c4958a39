// SPDX-License-Identifier: Apache-2.0
// network.k from the scores: in each layer the smallest k whose draw is near enough to the whole attention.
#pragma once

#include <nlohmann/json.hpp>

#include "graphsieve/base/observer.h"
#include "graphsieve/sampling/edges_per_node.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// The k that was chosen for one layer, and the errors that it was chosen by.
struct ChosenK {
  std::vector<int64_t> k;     ///< the tried values
  std::vector<double> error;  ///< error of each tried value
  int64_t chosen = 0;         ///< one of the tried values
  double left = 0;            ///< error of the chosen value
};

/// Chooses, for each layer of the graph, the first k whose error is at most asked.epsilon in the draw of (seed, epoch).
/// Where no k has so small an error, the k of the smallest error is taken, with a note. For the error `mass` every k up
/// to the largest degree is tried, at most 256. For `operator_norm`, where each trial costs a power iteration and a
/// larger k need not be better, k = 1 to 8 are tried, then values that grow by a quarter, up to the first that is good
/// enough. Throws Interrupted if the observer asks to stop.
std::vector<ChosenK> choose_k(const EdgesPerNode& asked, const ScoredGraph& graph, const Sampler& sampler,
                              uint64_t seed, int64_t epoch, Observer& observer);

/// The chosen k of each layer.
std::vector<int64_t> k_of(const std::vector<ChosenK>& layers);
/// The content of epsilon.json (docs/run-folder.md).
nlohmann::json epsilon_json(const EdgesPerNode& asked, const std::string& sampler, int64_t epoch,
                            const std::vector<ChosenK>& layers);

}  // namespace graphsieve
