#include "graphsieve/train/network_stage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <span>

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/train/sampled_stage.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// The sampled graph that the network of a recipe takes.
SampledGraph sampled_graph(const Recipe& recipe, const PreparedData& data, const PreparedGraph& graph,
                           const std::vector<Tensor>& scores, uint64_t seed) {
  return {data.features, graph.edges, scores, recipe.network.k, sampler_of(recipe.network.sampler), seed};
}

/// `nodes` by batches of the recipe's size, with what is around them, where they then compute fewer rows than the whole graph
/// has in all layers; not where norms have statistics of the graph.
void take_parts(GraphView& view, const Recipe& recipe, SampledGraph& graph, const FeatureMatrix& features,
                const std::vector<int32_t>& nodes) {
  const int64_t size = recipe.network.batch_size, count = static_cast<int64_t>(nodes.size());
  const int64_t first = std::min(size, count), rows_of_graph = features.rows * (recipe.network.layers + 1);
  if (first <= 0 || recipe.network.norm == "graph" || count >= rows_of_graph) return;
  graph.begin_epoch(0);
  const NetworkInput some = graph.edges_around(
      at::from_blob(const_cast<int32_t*>(nodes.data()), {first}, at::kInt).to(graph.device()));
  int64_t rows = some.rows.size(0);
  for (const LayerEdges& layer : some.layers) rows += layer.destinations;
  if ((count + size - 1) / size * rows >= rows_of_graph) return;
  view.nodes_per_list = size;
  view.lists_per_call = batches_per_read(features, some.rows.size(0), memory_limit());
}

class NetworkStage : public SampledStage {
 public:
  NetworkStage(const StageContext& context, const PreparedGraph& graph, const std::vector<Tensor>& scores)
      : SampledStage("network", sampled_graph(context.recipe, context.data, graph, scores, context.seed), context.split.train,
                     context.recipe.network.batch_size, context.seed),
        view_{[this] { return timed_whole(); }, [this](std::span<const Tensor> nodes) { return timed_around(nodes); }} {
    take_parts(view_, context.recipe, graph_, context.data.features, evaluated_nodes(context.split));
  }

  double temperature(int64_t) const override { return 1; }
  GraphView evaluation() override { return view_; }

 protected:
  bool needs_whole() override { return graph_.shares_draws() && view_.nodes_per_list == 0; }

 private:
  GraphView view_;
};

}  // namespace

void check_scores(const Recipe& recipe, const PreparedGraph& graph, const std::vector<Tensor>& scores) {
  const int64_t layers = recipe.network.layers;
  if (static_cast<int64_t>(scores.size()) < layers)
    throw Error("network.layers is ", layers, ", but the estimator has scores of ", scores.size(), " layers");
  for (int64_t l = 0; l < layers; ++l)
    if (scores[l].numel() != graph.graph.edges())
      throw Error("layer ", l, " has ", scores[l].numel(), " scores, but the attention graph ", graph.graph.edges(),
                  " edges");
}

TrainedNetwork train_network(const StageContext& context, const PreparedGraph& graph,
                             const std::vector<Tensor>& scores, const std::filesystem::path& start_from) {
  const Recipe& recipe = context.recipe;
  const nn::ParametersOn there(context.data.device);
  TrainedNetwork trained;
  trained.network = nn::Transformer(nn::network_shape(recipe, network_interface(context.data, context.task)));
  nn::initialise(*trained.network, random_key(context.seed, 2));
  if (!start_from.empty()) read_network(start_from, trained.network);
  NetworkFigures& figures = trained.figures;
  if (draws_edges(recipe)) {
    check_scores(recipe, graph, scores);
    NetworkStage stage(context, graph, scores);
    static_cast<StageFigures&>(figures) = train_stage(stage, trained.network, recipe.network, context);
    figures.edge_share = edge_share(graph.host_edges.row_start, recipe.network.k);
    for (int64_t k : recipe.network.k) figures.edges_per_layer.push_back(k * graph.graph.nodes());
  } else {
    WholeGraphStage stage("network", context, graph, recipe.network.layers, [](int64_t) { return 1.0; });
    static_cast<StageFigures&>(figures) = train_stage(stage, trained.network, recipe.network, context);
    figures.edges_per_layer.assign(recipe.network.layers, graph.graph.edges());
  }
  return trained;
}

NetworkInput network_input(const Recipe& recipe, const PreparedData& data, const PreparedGraph& graph,
                           const std::vector<Tensor>& scores, uint64_t seed, int64_t epoch) {
  if (!draws_edges(recipe)) return whole_graph_input(data, graph, recipe.network.layers);
  check_scores(recipe, graph, scores);
  SampledGraph of_epoch = sampled_graph(recipe, data, graph, scores, seed);
  of_epoch.begin_epoch(epoch);
  return of_epoch.whole();
}

Predictions network_predictions(nn::Transformer& network, const Recipe& recipe, const PreparedData& data, const Task& task,
                                const PreparedGraph& graph, const std::vector<Tensor>& scores, uint64_t seed,
                                    int64_t epoch, const std::vector<int32_t>& nodes) {
  GraphView view{[&] { return network_input(recipe, data, graph, scores, seed, epoch); }};
  std::optional<SampledGraph> of_epoch;
  if (draws_edges(recipe)) {
    check_scores(recipe, graph, scores);
    of_epoch.emplace(sampled_graph(recipe, data, graph, scores, seed));
    take_parts(view, recipe, *of_epoch, data.features, nodes);
    view.neighbourhoods = [&](std::span<const Tensor> some) { return of_epoch->around_each(some); };
    of_epoch->begin_epoch(epoch);
    if (view.nodes_per_list > 0 && of_epoch->shares_draws()) of_epoch->draw_whole();
  }
  return predict_nodes(network, view, ForwardOptions(), nodes, task);
}

}  // namespace graphsieve
