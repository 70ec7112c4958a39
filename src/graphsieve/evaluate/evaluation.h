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

/// How to feed the graph for evaluation. nodes_per_list == 0: the whole graph, layer by layer. nodes_per_list == n: n
/// nodes at a time, with the nodes that their logits depend on; this is less work where few nodes are evaluated.
struct GraphView {
  std::function<NetworkInput()> whole;
  /// The input for each of several lists of nodes (int32). The features of all lists are read together.
  std::function<std::vector<NetworkInput>(std::span<const at::Tensor> nodes)> neighbourhoods = nullptr;
  int64_t nodes_per_list = 0;
  int64_t lists_per_call = 1;
};

/// Probabilities of logits [rows, classes or labels]: the softmax per row, or the sigmoid per label.
Probabilities probabilities(const at::Tensor& logits, const Labels& labels);

/// Probabilities of `nodes` from the network's hidden vectors [n, width], which its output layers take.
Probabilities node_probabilities(nn::Transformer& network, const at::Tensor& hidden, const std::vector<int32_t>& nodes,
                                 const Labels& labels);

/// Probabilities of `nodes` from the graph. Leaves the network in evaluation mode.
Probabilities node_probabilities(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                                 const std::vector<int32_t>& nodes, const Labels& labels);

}  // namespace graphsieve
