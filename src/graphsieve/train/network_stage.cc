// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/network_stage.h"

#include <ATen/ATen.h>

#include <span>

#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/graph/degree_counts.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/train/sampled_stage.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// The stage that trains the wide network by mini-batches on drawn edges.
class NetworkStage : public SampledStage {
 public:
  NetworkStage(const StageContext& context, const NetworkEdges& edges)
      : SampledStage("network", edges.sampled(), edges.sizes(), context, context.recipe.network.batch_size,
                     context.seed),
        draws_(context.recipe.network.eval_draws),
        evaluation_(edges.evaluation_of(*epoch_.graph, evaluated_nodes(context.split))) {}

  double temperature(int64_t) const override { return 1; }
  GraphView evaluation() override {
    const std::shared_ptr<SampledGraph> graph = epoch_.graph;
    // The draws of training hide one part's labels. Evaluation has draws of its own, which show all labels.
    if (graph->label_parts() > 0) graph->begin_epoch(epoch_.number);
    GraphView view{[this, graph] { return timed_whole(*graph); },
                   [this, graph](std::span<const Tensor> nodes) { return timed_around(*graph, nodes); }};
    view.nodes_per_list = evaluation_.nodes_per_list, view.lists_per_call = evaluation_.lists_per_call;
    view.draws = draws_;
    view.begin_draw = [graph, epoch = epoch_.number](int64_t draw) { graph->begin_epoch(epoch, draw); };
    return view;
  }
  void add_figures(StageFigures& figures) const override {
    SampledStage::add_figures(figures);
    figures.evaluated_at_once = evaluation_.nodes_per_list;
  }

 protected:
  bool needs_whole() override {
    return whole_is_needed(sizes_, epoch_.graph->shares_draws(), epoch_.graph->label_parts() > 0, evaluation_);
  }

 private:
  const int64_t draws_;                  ///< number of draws that an evaluation averages
  const EvaluationDecision evaluation_;  ///< decision how nodes are evaluated
};

}  // namespace

TrainedNetwork train_network(const StageContext& context, const NetworkEdges& edges,
                             const std::filesystem::path& start_from) {
  const Recipe& recipe = context.recipe;
  const AttentionGraphView& graph = edges.graph().graph;
  const nn::ParametersOn parameters_on(context.data.device);
  TrainedNetwork trained;
  trained.network = nn::Transformer(nn::network_shape(recipe, network_interface(context.data, context.task)));
  nn::initialise(*trained.network, random_key(context.seed, Stream::kNetworkWeights));
  if (!start_from.empty()) read_network(start_from, trained.network);
  NetworkFigures& figures = trained.figures;
  // Edges that are drawn make batches of a few nodes possible, because a batch then reaches a bounded number of nodes.
  // Without draws, every step takes the whole graph.
  if (edges.draws()) {
    const std::vector<int64_t>& k = edges.draws()->k;
    NetworkStage stage(context, edges);
    static_cast<StageFigures&>(figures) = train_stage(stage, trained.network, recipe.network, context);
    figures.edge_share = edge_share(degree_counts(graph.row_start), k);
    for (const int64_t of_layer : k) figures.edges_per_layer.push_back(of_layer * graph.nodes());
  } else {
    WholeGraphStage stage("network", context, edges.graph(), recipe.network.layers, [](int64_t) { return 1.0; });
    static_cast<StageFigures&>(figures) = train_stage(stage, trained.network, recipe.network, context);
    figures.edges_per_layer.assign(recipe.network.layers, graph.edges());
  }
  return trained;
}

}  // namespace graphsieve
