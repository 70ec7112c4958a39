// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/network_edges.h"

#include <ATen/ATen.h>

#include <span>

#include "graphsieve/nn/forward_options.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {

using at::Tensor;

NetworkEdges::NetworkEdges(const PreparedData& data, const PreparedGraph& graph, const NetworkRecipe& recipe,
                           std::optional<EdgeDraws> draws, const MemoryBudget& budget)
    : data_(data), graph_(graph), recipe_(recipe), draws_(std::move(draws)), budget_(budget) {}

SampledGraph NetworkEdges::sampled() const {
  return {data_.features, draws_->graph, draws_->k, draws_->sampler, draws_->seed, budget_};
}

NetworkInput NetworkEdges::input(int64_t epoch) const {
  if (!draws_) return whole_graph_input(data_, graph_, recipe_.layers);
  SampledGraph of_epoch = sampled();
  of_epoch.begin_epoch(epoch);
  return of_epoch.whole();
}

EvaluationDecision NetworkEdges::evaluation_of(SampledGraph& graph, const std::vector<int32_t>& nodes,
                                               int64_t list_size) const {
  const auto count = static_cast<int64_t>(nodes.size());
  NetworkRecipe recipe = recipe_;
  if (recipe.batch_size == 0) recipe.batch_size = list_size;
  const int64_t first = evaluation_list(recipe, sizes(), count);
  if (first == 0) return {};
  graph.begin_epoch(0);
  const Tensor list = at::from_blob(const_cast<int32_t*>(nodes.data()), {first}, at::kInt).to(graph.device());
  return decide_evaluation(recipe, sizes(), sizes_of(graph.edges_around(list)), count, budget_);
}

Predictions NetworkEdges::predictions(nn::Transformer& network, const Task& task, int64_t epoch,
                                      const std::vector<int32_t>& nodes, int64_t list_size) const {
  // If no edges are drawn, view.nodes_per_list stays 0, and the whole graph is evaluated.
  GraphView view{[&] { return input(epoch); }};
  std::optional<SampledGraph> of_epoch;
  if (draws_) {
    of_epoch.emplace(sampled());
    const EvaluationDecision decision = evaluation_of(*of_epoch, nodes, list_size);
    view.nodes_per_list = decision.nodes_per_list, view.lists_per_call = decision.lists_per_call;
    view.neighbourhoods = [&](std::span<const Tensor> lists) { return of_epoch->around_each(lists); };
    of_epoch->begin_epoch(epoch);
    if (view.nodes_per_list > 0 && of_epoch->shares_draws()) of_epoch->draw_whole();
  }
  return predict_nodes(network, view, ForwardOptions(), nodes, task);
}

}  // namespace graphsieve
