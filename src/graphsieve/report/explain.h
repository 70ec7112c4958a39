// What decided one node's prediction: the edges into it, layer by layer, and the nodes and features behind them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

struct ExplainRequest {
  std::filesystem::path run;  ///< one run, not a summary of several
  std::string node;           ///< by the user's id
  int64_t edges = 20;         ///< a layer, at most: the heaviest
  int64_t nodes = 15;         ///< by their attention flow, at most
  int64_t features = 15;      ///< by the size of their contribution, at most
};

/// docs/report.md names every field. Throws Error where there is no such node, or the graph is not the run's.
///
/// Attention flow: F_L is 1 at the node; F_{l−1} = ½ F_l + ½ A_lᵀ F_l, A_l the network's attention of layer l (Abnar
/// and Zuidema 2020). Contributions: features times the gradient of the predicted class's logit less the next one's
/// (several labels a node, one class: the most probable label's logit), summed over a node's features or one feature's
/// nodes.
nlohmann::json explain(Dataset& data, const ExplainRequest& request, Observer& observer);

}  // namespace graphsieve
