// SPDX-License-Identifier: Apache-2.0
// The explanation of one node's prediction: the edges into the node, layer by layer, and the nodes and features behind
// them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// The node to explain, and the most entries of each list.
struct ExplainRequest {
  std::filesystem::path run;  ///< folder of one run, not of several
  std::string node;           ///< the user's id of the node
  int64_t edges = 20;         ///< most edges per layer, the heaviest
  int64_t nodes = 15;         ///< most nodes, by their attention flow
  int64_t features = 15;      ///< most features, by the size of their contribution
};

/// Returns the explanation; docs/report.md describes every field. Throws Error if there is no such node, or if the
/// graph is not the run's.
///
/// Attention flow: F_L is 1 at the node, and F_{l−1} = ½ F_l + ½ A_lᵀ F_l, where A_l is the network's attention of
/// layer l (Abnar and Zuidema 2020). Contributions: the features times the gradient of the predicted class's logit
/// minus the next class's (with several labels per node or one class: of the most probable label's logit), summed over
/// the features of a node or over the nodes of a feature.
GRAPHSIEVE_API nlohmann::json explain(Dataset& data, const ExplainRequest& request, Observer& observer);

}  // namespace graphsieve
