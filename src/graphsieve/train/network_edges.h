// SPDX-License-Identifier: Apache-2.0
// The edges that the wide network takes: all edges of the attention graph, or k drawn in-edges per node and layer,
// which are drawn again in every epoch.
#pragma once

#include <optional>
#include <vector>

#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/policy.h"

namespace graphsieve {

/// The graph and the settings that the draws of edges depend on.
struct EdgeDraws {
  ScoredGraph graph;       ///< attention graph with its scores, on the device that computes
  std::vector<int64_t> k;  ///< number of in-edges that are drawn per node, by layer
  Sampler sampler;         ///< rule of the draws
  uint64_t seed = 0;
};

/// The edges of the wide network, as the input of its forward pass in any epoch.
class NetworkEdges {
 public:
  /// Without `draws`, the network takes all edges. `data`, `graph` and `recipe` must outlive the object.
  NetworkEdges(const PreparedData& data, const PreparedGraph& graph, const NetworkRecipe& recipe,
               std::optional<EdgeDraws> draws, const MemoryBudget& budget = {});

  const PreparedGraph& graph() const { return graph_; }
  const std::optional<EdgeDraws>& draws() const { return draws_; }
  /// Returns the sizes that the decisions of train/policy.h depend on.
  GraphSizes sizes() const { return sizes_of(data_.features, recipe_.layers, recipe_.width); }

  /// Returns the graph whose edges are drawn in each epoch. May only be called if there are draws.
  SampledGraph sampled() const;

  /// Returns the input that has all nodes and the edges of `epoch`, which are drawn by the scores of `part`
  /// (SampledGraph::begin_epoch()), and hides the labels of this part. Part −1: all labels are shown.
  NetworkInput input(int64_t epoch, int part = -1) const;

  /// Returns the network's hidden vectors [n, width] of all nodes, with the edges of `epoch`, draw 0. If labels are
  /// inputs, the row of a node that has one comes from a pass that hides it (inputs/label_inputs.h).
  at::Tensor hidden(nn::Transformer& network, int64_t epoch) const;

  /// Calls take(begin, rows) for consecutive rows of hidden(), which are not in memory as a whole unless labels are
  /// inputs.
  void each_hidden(nn::Transformer& network, int64_t epoch, const nn::TakeRows& take) const;

  /// Chooses the draws of edges that predictions() averages: the draws first, …, first + count − 1, and whether it
  /// computes their standard error. Without this call, predictions() takes the draws from 0 on of the recipe's
  /// network.eval_draws.
  void average_draws(int64_t first, int64_t count, bool standard_error);
  /// True if predictions() are those that follow from hidden(): they are of draw 0 alone.
  bool predicts_from_hidden() const { return first_draw_ == 0 && draws_averaged_ == 1; }

  /// Returns the network's predictions for `nodes` with the edges of `epoch`. They are computed from the whole graph,
  /// or from the neighbourhoods of `nodes` if the neighbourhoods are less work. `list_size` is how many nodes go
  /// through the network at once where the recipe names no batch size; 0: the whole graph does then.
  Predictions predictions(nn::Transformer& network, const Task& task, int64_t epoch, const std::vector<int32_t>& nodes,
                          int64_t list_size = 0) const;

  /// Decides how `nodes` are evaluated. Draws the edges around some of the nodes if the decision depends on the number
  /// of these edges.
  EvaluationDecision evaluation_of(SampledGraph& graph, const std::vector<int32_t>& nodes, int64_t list_size = 0) const;

 private:
  /// Returns the predictions for `nodes`; their passes hide the labels of one part of the nodes, or −1: of none.
  Predictions predictions_hiding(int part, nn::Transformer& network, const Task& task, int64_t epoch,
                                 const std::vector<int32_t>& nodes, int64_t list_size) const;

  const PreparedData& data_;
  const PreparedGraph& graph_;
  const NetworkRecipe& recipe_;
  const std::optional<EdgeDraws> draws_;
  const MemoryBudget budget_;
  int64_t first_draw_ = 0, draws_averaged_ = 1;  ///< set by average_draws()
  bool standard_error_ = false;
};

}  // namespace graphsieve
