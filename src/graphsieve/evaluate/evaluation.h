// SPDX-License-Identifier: Apache-2.0
// What a trained network predicts for some nodes of its graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "graphsieve/evaluate/task.h"
#include "graphsieve/inputs/prepared_graph.h"
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

/// The input of every network on a prepared data set.
nn::NetworkInterface network_interface(const PreparedData& data, const Task& task);

/// Predictions of the network's outputs [rows, columns], one row each.
Predictions predictions_of(const at::Tensor& outputs, const Task& task);

/// Predictions for `nodes` from the network's hidden vectors [n, width], which its output layers take.
Predictions predict_nodes(nn::Transformer& network, const at::Tensor& hidden, const std::vector<int32_t>& nodes,
                          const Task& task);

/// Predictions for `nodes` from the graph. Leaves the network in evaluation mode.
Predictions predict_nodes(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                          const std::vector<int32_t>& nodes, const Task& task);

/// Calls take(node, row of predictions) for every node in order, from the network's hidden vectors [n, width]. Rows are
/// computed a block at a time, so that predictions of the whole graph are never held.
void each_prediction(nn::Transformer& network, const at::Tensor& hidden, const Task& task,
                     const std::function<void(int64_t node, const float* row)>& take);

/// Predictions without values yet, with a row for each of `nodes`.
Predictions rows_for(const std::vector<int32_t>& nodes, int64_t graph_nodes, int64_t columns);

}  // namespace graphsieve
