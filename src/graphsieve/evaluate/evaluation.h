// A trained network's logits and probabilities for some nodes of its graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// A graph as a network in evaluation takes it: whole, layer by layer; or, where `at_once` is not 0, so many nodes at once
/// with what their logits are computed from, which is less work where few of the nodes are asked for.
struct GraphView {
  std::function<NetworkInput()> whole;
  /// Of several lists of nodes (int32), whose features are read together.
  std::function<std::vector<NetworkInput>(std::span<const at::Tensor> nodes)> around = nullptr;
  int64_t at_once = 0;   ///< nodes of a list
  int64_t together = 1;  ///< lists
};

/// Softmax (or sigmoid) of logits, a row each.
Probabilities probabilities(const at::Tensor& logits, const Labels& labels);

/// Of `nodes` alone, from what the network's output layers take [n, width].
Probabilities node_probabilities(nn::Transformer& network, const at::Tensor& hidden, const std::vector<int32_t>& nodes,
                                 const Labels& labels);

/// The same from the graph. Leaves the network in evaluation mode.
Probabilities node_probabilities(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                                 const std::vector<int32_t>& nodes, const Labels& labels);

}  // namespace graphsieve
