#include "graphsieve/train/network_stage.h"

#include <ATen/ATen.h>

#include <atomic>
#include <chrono>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/sampling/batches.h"
#include "graphsieve/train/run_folder.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

using at::Tensor;

class SampledStage : public Stage {
 public:
  SampledStage(const StageContext& context, const PreparedGraph& graph, const std::vector<Tensor>& scores)
      : context_(context), graph_(graph), scores_(scores), sampler_(sampler_of(context.recipe.network.sampler)),
        local_(at::full({graph.graph.nodes()}, -1, at::kInt)) {}

  std::string name() const override { return "network"; }
  double temperature(int64_t) const override { return 1; }
  bool ahead() const override { return true; }

  int64_t begin_epoch(int64_t epoch) override {
    const Timer timer(seconds_);
    epoch_ = epoch;
    if (!sampler_.by_batch) draw_whole();
    else whole_.clear();
    batches_ = batch_nodes(context_.split.train, recipe().batch_size, context_.seed, epoch);
    return static_cast<int64_t>(batches_.size());
  }

  TrainBatch batch(int64_t index) override {
    const Timer timer(seconds_);
    const DrawLayer draw = [&](int64_t layer, const Tensor& rows) {
      if (sampler_.by_batch)
        return draw_layer(graph_.edges, scores_[layer], rows, recipe().k[layer], sampler_, context_.seed, epoch_, layer,
                          index);
      return LayerSample{whole_[layer].index.index_select(0, rows), whole_[layer].type.index_select(0, rows)};
    };
    TrainBatch batch;
    batch.input = expand_batch(batches_[index], recipe().layers, draw, local_);
    batch.input.features = &context_.data.features;
    pick_features(batch.input);
    batch.nodes = batches_[index].to(at::kLong);
    return batch;
  }

  NetworkInput whole_graph() override {
    const Timer timer(seconds_);
    if (whole_.empty()) draw_whole();
    NetworkInput input;
    input.features = &context_.data.features;
    for (const LayerSample& sample : whole_) input.layers.push_back(whole_graph_layer(sample));
    return input;
  }

  double sampling_seconds() const override { return seconds_; }

 private:
  struct Timer {
    explicit Timer(std::atomic<double>& to) : total(to), start(std::chrono::steady_clock::now()) {}
    ~Timer() { total += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
    std::atomic<double>& total;
    std::chrono::steady_clock::time_point start;
  };

  const NetworkRecipe& recipe() const { return context_.recipe.network; }

  void draw_whole() {
    whole_.clear();
    for (int64_t l = 0; l < recipe().layers; ++l)
      whole_.push_back(draw_layer(graph_.edges, scores_[l], Tensor(), recipe().k[l], sampler_, context_.seed, epoch_, l));
  }

  const StageContext& context_;
  const PreparedGraph& graph_;
  const std::vector<Tensor>& scores_;
  const Sampler sampler_;
  const Tensor local_;
  int64_t epoch_ = 0;
  std::vector<LayerSample> whole_;  ///< the epoch's draw for every node
  std::vector<Tensor> batches_;
  std::atomic<double> seconds_ = 0;
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
    SampledStage stage(context, graph, scores);
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
  NetworkInput input;
  input.features = &data.features;
  const Sampler sampler = sampler_of(recipe.network.sampler);
  for (int64_t l = 0; l < recipe.network.layers; ++l)
    input.layers.push_back(whole_graph_layer(
        draw_layer(graph.edges, scores[l], Tensor(), recipe.network.k[l], sampler, seed, epoch, l)));
  return input;
}

}  // namespace graphsieve
