// SPDX-License-Identifier: Apache-2.0
// The edges that the wide network takes: all edges of the attention graph, or k draws per node and layer, anew in every
// epoch.
#pragma once

#include <optional>
#include <vector>

#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/policy.h"

namespace graphsieve {

/// How edges are drawn.
struct EdgeDraws {
  ScoredGraph graph;       ///< on the device that computes
  std::vector<int64_t> k;  ///< in-edges per node, one number per layer
  Sampler sampler;
  uint64_t seed = 0;
};

class NetworkEdges {
 public:
  /// Without `draws`, all edges. `data`, `graph` and `recipe` must outlive the object.
  NetworkEdges(const PreparedData& data, const PreparedGraph& graph, const NetworkRecipe& recipe,
               std::optional<EdgeDraws> draws, const MemoryBudget& budget = {});

  const PreparedGraph& graph() const { return graph_; }
  const std::optional<EdgeDraws>& draws() const { return draws_; }
  GraphSizes sizes() const { return sizes_of(data_.features, recipe_.layers); }

  /// The graph of which an epoch's edges are drawn. There must be draws.
  SampledGraph sampled() const;

  /// The whole graph with the edges of `epoch`.
  NetworkInput input(int64_t epoch) const;

  /// What the network predicts for `nodes` with the edges of `epoch`: from the whole graph, or from the neighbourhoods
  /// of `nodes` where that is less work.
  Predictions predictions(nn::Transformer& network, const Task& task, int64_t epoch,
                          const std::vector<int32_t>& nodes) const;

  /// How `nodes` are evaluated. Draws the edges around some of them if the decision depends on their number.
  EvaluationDecision evaluation_of(SampledGraph& graph, const std::vector<int32_t>& nodes) const;

 private:
  const PreparedData& data_;
  const PreparedGraph& graph_;
  const NetworkRecipe& recipe_;
  const std::optional<EdgeDraws> draws_;
  const MemoryBudget budget_;
};

}  // namespace graphsieve
