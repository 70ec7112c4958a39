// SPDX-License-Identifier: Apache-2.0
// The predictions of a trained network for nodes of its graph.
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

/// The inputs for an evaluation. If nodes_per_list is 0, the whole graph goes through the network, layer by layer. If
/// nodes_per_list is n, n nodes at a time go through the network, together with the nodes that their logits depend on,
/// which is less work if few nodes are evaluated.
struct GraphView {
  /// Returns the input for the whole graph.
  std::function<NetworkInput()> whole;
  /// Returns the input for each of several lists of nodes (int32). The features of all lists are read together.
  std::function<std::vector<NetworkInput>(std::span<const at::Tensor> nodes)> neighbourhoods = nullptr;
  int64_t nodes_per_list = 0;  ///< nodes per list; 0: the whole graph
  int64_t lists_per_call = 1;  ///< lists per call of `neighbourhoods`
  /// Number of draws of edges whose predictions are averaged, and the function that makes one of them current. After an
  /// evaluation draw 0 is current.
  int64_t draws = 1;
  std::function<void(int64_t draw)> begin_draw = nullptr;
  bool standard_error = false;  ///< true: the standard error of the mean over the draws is computed too
};

/// Returns the sizes that a prepared data set and its task prescribe for every network.
nn::NetworkInterface network_interface(const PreparedData& data, const Task& task);

/// Returns the predictions that follow from a network's outputs [rows, columns], with one row for each row of outputs.
Predictions predictions_of(const at::Tensor& outputs, const Task& task);

/// The hidden vectors [n, width] of all nodes, which are the input of the network's output layers: a function that
/// calls take(begin, rows) for consecutive rows, so that they need not be in memory all at once.
using HiddenRows = std::function<void(const nn::TakeRows& take)>;
/// Returns the hidden vectors that a tensor [n, width] has.
HiddenRows rows_in(at::Tensor hidden);

/// Returns predictions for `nodes`, which are all different, from the hidden vectors of all nodes.
Predictions predict_nodes(nn::Transformer& network, const HiddenRows& hidden, const std::vector<int32_t>& nodes,
                          const Task& task);

/// Returns predictions for `nodes` from passes of the network over the graph: the mean over the view's draws of edges.
/// Leaves the network in evaluation mode. If the view has several lists of nodes or several draws, only the first pass
/// calls options.on_part and options.on_middle.
Predictions predict_nodes(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                          const std::vector<int32_t>& nodes, const Task& task);

/// Calls take(node, row of predictions) for every node in order, from the hidden vectors of all nodes. The predictions
/// of the whole graph are never in memory at once.
void each_prediction(nn::Transformer& network, const HiddenRows& hidden, const Task& task,
                     const std::function<void(int64_t node, const float* row)>& take);

/// Returns predictions with a row for each of `nodes`, whose values are not set yet.
Predictions rows_for(const std::vector<int32_t>& nodes, int64_t graph_nodes, int64_t columns);

}  // namespace graphsieve
