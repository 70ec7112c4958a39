// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/network_edges.h"

#include <torch/torch.h>

#include <algorithm>
#include <span>

#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {

using at::Tensor;

NetworkEdges::NetworkEdges(const PreparedData& data, const PreparedGraph& graph, const NetworkRecipe& recipe,
                           std::optional<EdgeDraws> draws, const MemoryBudget& budget)
    : data_(data), graph_(graph), recipe_(recipe), draws_(std::move(draws)), budget_(budget) {
  if (draws_) draws_averaged_ = recipe.eval_draws;
}

void NetworkEdges::average_draws(int64_t first, int64_t count, bool standard_error) {
  first_draw_ = first, draws_averaged_ = count, standard_error_ = standard_error;
}

SampledGraph NetworkEdges::sampled() const {
  return {data_.features, draws_->graph, draws_->k, draws_->sampler, draws_->seed, budget_};
}

namespace {

/// Hides the labels of a part of the nodes; of none, if the part is −1.
void hide(NetworkInput& input, int part) {
  if (part >= 0) hide_label_part(input, part);
}

}  // namespace

NetworkInput NetworkEdges::input(int64_t epoch, int part) const {
  NetworkInput all;
  if (draws_) {
    SampledGraph of_epoch = sampled();
    of_epoch.begin_epoch(epoch, 0, part);
    all = of_epoch.whole();
  } else {
    all = whole_graph_input(data_, graph_, recipe_.layers);
  }
  hide(all, part);
  return all;
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

namespace {

/// Returns the nodes by the part that predicts them; the first list is that of part −1.
std::vector<std::vector<int32_t>> by_part(const LabelInputs* labels, const std::vector<int32_t>& nodes) {
  std::vector<std::vector<int32_t>> parts(kLabelParts + 1);
  for (const int32_t node : nodes) parts[predicting_part(labels, node) + 1].push_back(node);
  return parts;
}

}  // namespace

Tensor NetworkEdges::hidden(nn::Transformer& network, int64_t epoch) const {
  const torch::NoGradGuard no_grad;
  network->eval();
  Tensor hidden = network->hidden(input(epoch), ForwardOptions());
  if (!data_.features.labels) return hidden;
  const LabelInputs& labels = *data_.features.labels;
  std::vector<int32_t> labelled;
  for (size_t i = 0; i < labels.row_of_node.size(); ++i)
    if (labels.row_of_node[i] >= 0) labelled.push_back(static_cast<int32_t>(i));
  const auto parts = by_part(&labels, labelled);
  for (int part = 0; part < kLabelParts; ++part) {
    if (parts[part + 1].empty()) continue;
    const NormVariant variant(network, part + 1);
    const Tensor rows = node_tensor(parts[part + 1]).to(hidden.device());
    hidden.index_copy_(0, rows, network->hidden(input(epoch, part), ForwardOptions()).index_select(0, rows));
  }
  return hidden;
}

void NetworkEdges::each_hidden(nn::Transformer& network, int64_t epoch, const nn::TakeRows& take) const {
  if (data_.features.labels) return rows_in(hidden(network, epoch))(take);
  const torch::NoGradGuard no_grad;
  network->eval();
  network->each_hidden(input(epoch), ForwardOptions(), take);
}

Predictions NetworkEdges::predictions(nn::Transformer& network, const Task& task, int64_t epoch,
                                      const std::vector<int32_t>& nodes, int64_t list_size) const {
  const LabelInputs* labels = data_.features.labels.get();
  if (!labels) return predictions_hiding(-1, network, task, epoch, nodes, list_size);
  Predictions all = rows_for(nodes, task.nodes(), task.columns());
  if (standard_error_) all.standard_error.assign(nodes.size(), 0.f);
  const auto parts = by_part(labels, nodes);
  for (int part = -1; part < kLabelParts; ++part) {
    const std::vector<int32_t>& of_part = parts[part + 1];
    if (of_part.empty()) continue;
    const NormVariant variant(network, part + 1);
    const Predictions p = predictions_hiding(part, network, task, epoch, of_part, list_size);
    for (const int32_t node : of_part) {
      const int32_t row = all.row_of_node[node];
      std::copy_n(p.row(node), p.columns, all.value.data() + int64_t{row} * all.columns);
      if (standard_error_) all.standard_error[row] = p.standard_error[p.row_of_node[node]];
    }
  }
  return all;
}

Predictions NetworkEdges::predictions_hiding(int part, nn::Transformer& network, const Task& task, int64_t epoch,
                                             const std::vector<int32_t>& nodes, int64_t list_size) const {
  // If no edges are drawn, view.nodes_per_list stays 0, and the whole graph is evaluated.
  GraphView view{[&] { return input(epoch, part); }};
  std::optional<SampledGraph> of_epoch;
  if (draws_) {
    of_epoch.emplace(sampled());
    const EvaluationDecision decision = evaluation_of(*of_epoch, nodes, list_size);
    view.nodes_per_list = decision.nodes_per_list, view.lists_per_call = decision.lists_per_call;
    view.neighbourhoods = [&](std::span<const Tensor> lists) {
      std::vector<NetworkInput> inputs = of_epoch->around_each(lists);
      for (NetworkInput& list : inputs) hide(list, part);
      return inputs;
    };
    view.whole = [&] {
      NetworkInput whole = of_epoch->whole();
      hide(whole, part);
      return whole;
    };
    view.draws = draws_averaged_, view.standard_error = standard_error_;
    view.begin_draw = [&](int64_t draw) {
      of_epoch->begin_epoch(epoch, first_draw_ + draw, part);
      if (view.nodes_per_list > 0 && of_epoch->shares_draws()) of_epoch->draw_whole();
    };
    view.begin_draw(0);
  }
  return predict_nodes(network, view, ForwardOptions(), nodes, task);
}

}  // namespace graphsieve
