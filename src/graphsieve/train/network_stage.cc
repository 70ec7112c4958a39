#include "graphsieve/train/network_stage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/train/run_folder.h"
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

/// How many of `nodes` are best evaluated at once, with what is around them: a batch's number, where all of them together
/// reach fewer nodes than the graph has. 0: the whole graph is less work, or has statistics of its own in the norms.
int64_t nodes_at_once(const Recipe& recipe, SampledGraph& graph, int64_t graph_nodes, const std::vector<int32_t>& nodes) {
  const int64_t size = recipe.network.batch_size, count = static_cast<int64_t>(nodes.size());
  if (size <= 0 || count == 0 || recipe.network.norm == "graph") return 0;
  const int64_t first = std::min(size, count), pieces = (count + size - 1) / size;
  if (pieces * first >= graph_nodes) return 0;
  graph.begin_epoch(0);
  const Tensor some = at::from_blob(const_cast<int32_t*>(nodes.data()), {first}, at::kInt);
  return pieces * graph.around(some).rows.size(0) < graph_nodes ? size : 0;
}

class NetworkStage : public SampledStage {
 public:
  NetworkStage(const StageContext& context, const PreparedGraph& graph, const std::vector<Tensor>& scores)
      : SampledStage("network", sampled_graph(context.recipe, context.data, graph, scores, context.seed), context.split.train,
                     context.recipe.network.batch_size, context.seed),
        by_batch_(sampler_of(context.recipe.network.sampler).by_batch),
        at_once_(nodes_at_once(context.recipe, graph_, graph.graph.nodes(), evaluated_nodes(context.split))) {}

  double temperature(int64_t) const override { return 1; }
  GraphView evaluation() override {
    return {[this] { return timed_whole(); }, [this](const Tensor& nodes) { return timed_around(nodes); }, at_once_};
  }

 protected:
  bool needs_whole() override { return !by_batch_ && at_once_ == 0; }

 private:
  const bool by_batch_;
  const int64_t at_once_;
};

bool sampled(const Recipe& recipe) { return recipe.model == "spexphormer"; }

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
  TrainedNetwork trained;
  trained.network = nn::Transformer(nn::network_shape(recipe, context.data.features.cols,
                                                      context.data.data.labels, graph.graph.types));
  nn::initialise(*trained.network, random_key(context.seed, 2));
  if (!start_from.empty()) read_network(start_from, trained.network);
  NetworkFigures& figures = trained.figures;
  if (sampled(recipe)) {
    check_scores(recipe, graph, scores);
    NetworkStage stage(context, graph, scores);
    static_cast<StageFigures&>(figures) = train_stage(stage, trained.network, recipe.network, context);
    figures.edge_share = edge_share(graph.edges.row_start, recipe.network.k);
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
  if (!sampled(recipe)) return whole_graph_input(data, graph, recipe.network.layers);
  check_scores(recipe, graph, scores);
  SampledGraph of_epoch = sampled_graph(recipe, data, graph, scores, seed);
  of_epoch.begin_epoch(epoch);
  return of_epoch.whole();
}

Probabilities network_probabilities(nn::Transformer& network, const Recipe& recipe, const PreparedData& data,
                                    const PreparedGraph& graph, const std::vector<Tensor>& scores, uint64_t seed,
                                    int64_t epoch, const std::vector<int32_t>& nodes) {
  GraphView view{[&] { return network_input(recipe, data, graph, scores, seed, epoch); }};
  std::optional<SampledGraph> of_epoch;
  if (sampled(recipe)) {
    check_scores(recipe, graph, scores);
    of_epoch.emplace(sampled_graph(recipe, data, graph, scores, seed));
    view.at_once = nodes_at_once(recipe, *of_epoch, graph.graph.nodes(), nodes);
    view.around = [&](const Tensor& some) { return of_epoch->around(some); };
    of_epoch->begin_epoch(epoch);
  }
  return node_probabilities(network, view, ForwardOptions(), nodes, data.data.labels);
}

}  // namespace graphsieve
