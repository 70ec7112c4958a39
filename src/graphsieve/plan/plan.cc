// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/plan/plan.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "graphsieve/base/error.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/graph/degree_counts.h"
#include "graphsieve/graph/expander.h"
#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/plan/dry_run.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/run/predictions.h"
#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/policy.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int64_t kLeastBatch = 16;  ///< smallest batch size that is tried
constexpr uint64_t kBatches = 6;     ///< number of batches that are sampled

/// The rows of the attention graph, which are computed one at a time and never stored.
class Rows {
 public:
  Rows(const PreparedData& data, const GraphRecipe& recipe)
      : data_(data),
        graph_(recipe.graph_edges),
        loops_(recipe.self_loops),
        expander_(data.data.nodes, recipe.expander_edges ? recipe.expander_degree : 0,
                  expander_kind(recipe.expander_kind), 1) {}

  int64_t degree(int64_t node) const { return graph_degree(node) + expander_.degree_of(node) + loops_; }

  int64_t edges() const {
    int64_t sum = graph_ ? data_.edges.edges() : 0;
    for (int64_t i = 0; i < data_.data.nodes; ++i) sum += expander_.degree_of(i) + loops_;
    return sum;
  }

  DegreeCounts degree_counts() const {
    return graphsieve::degree_counts(data_.data.nodes, [this](int64_t node) { return degree(node); });
  }

  std::vector<int32_t> sources(int64_t node) const {
    std::vector<int32_t> all = expander_.neighbors(node);
    if (graph_) {
      const auto begin = data_.edges.source.begin() + data_.edges.row_start[node];
      all.insert(all.end(), begin, begin + graph_degree(node));
    }
    if (loops_) all.push_back(static_cast<int32_t>(node));
    return all;
  }

 private:
  int64_t graph_degree(int64_t node) const {
    return graph_ ? data_.edges.row_start[node + 1] - data_.edges.row_start[node] : 0;
  }

  const PreparedData& data_;
  const bool graph_, loops_;
  const Expander expander_;
};

/// Returns the sizes of the layers of a batch of `nodes`, with k uniform draws per node and layer. As in training, the
/// layers are built from the last to the first: the sources of a layer are the destinations of the layer before it.
std::vector<BatchLayer> sample_batch(const Rows& rows, std::vector<int32_t> nodes, const std::vector<int64_t>& k,
                                     uint64_t key) {
  std::vector<BatchLayer> layers(k.size());
  for (size_t l = k.size(); l-- > 0;) {
    std::unordered_map<int32_t, bool> seen;
    for (const int32_t node : nodes) seen.emplace(node, true);
    std::vector<int32_t> sources = nodes;
    for (const int32_t node : nodes) {
      std::vector<int32_t> from = rows.sources(node);
      for (int64_t draw = 0; draw < k[l] && draw < static_cast<int64_t>(from.size()); ++draw) {
        const auto left = static_cast<uint64_t>(from.size() - draw);
        std::swap(from[draw], from[draw + random_key(key, node, l, draw) % left]);
        if (seen.emplace(from[draw], true).second) sources.push_back(from[draw]);
      }
    }
    const auto destinations = static_cast<int64_t>(nodes.size());
    layers[l] = {destinations, static_cast<int64_t>(sources.size()), destinations * k[l]};
    nodes = std::move(sources);
  }
  return layers;
}

/// The plan of one run. Batches are sampled from the graph, and a dry run of the stages counts the memory.
class Planner {
 public:
  Planner(const Dataset& data, const Recipe& recipe, const PlanRequest& request, Observer& observer)
      : data_(data),
        recipe_(recipe),
        budget_(MemoryBudget::of(request.memory)),
        calibrate_(request.calibrate),
        predictions_(request.predictions),
        prepared_(data, recipe, observer),
        task_(make_task(data, recipe.data)),
        rows_(prepared_, recipe.graph),
        edges_(rows_.edges()),
        split_(make_split(prepared_, recipe, 0, observer)) {}

  Plan plan() {
    Plan plan;
    plan.attention_edges = edges_;
    if (sampled()) plan.edge_share = edge_share(rows_.degree_counts(), recipe_.network.k);
    plan.recipe_batch_size = plan.batch_size = recipe_.network.batch_size;
    if (budget_.limited() && sampled()) fit_batch(plan);
    needs(plan);
    for (StagePlan& stage : plan.stages) plan.disk += stage.disk;
    recompute(plan);
    compare(plan);
    if (calibrate_) time(plan);
    return plan;
  }

 private:
  /// Returns a stage that takes the whole graph in every step.
  DryStage whole(const nn::TransformerShape& shape) const {
    DryStage stage;
    stage.shape = shape;
    stage.nodes = data_.nodes, stage.edges = edges_;
    stage.directed = recipe_.graph.directed && recipe_.graph.graph_edges;
    stage.graph_in_files = sampled();
    stage.sparse_features = prepared_.features.sparse() ? prepared_.features.value.numel() : 0;
    if (prepared_.features.dense.defined()) stage.feature_type = prepared_.features.dense.scalar_type();
    stage.outputs = task_->columns();
    stage.train_nodes = static_cast<int64_t>(split_.train.size());
    stage.evaluated_nodes = static_cast<int64_t>(split_.val.size() + split_.test.size());
    stage.evaluates_beside = works_beside(sizes(shape), budget_, num_threads());
    return stage;
  }

  /// Halves the recipe's batch size until the steps need no scratch files. If the steps of the smallest batch do not
  /// fit either, sets plan.least; a quarter of this memory is left for mapped files (MemoryBudget).
  void fit_batch(Plan& plan) const {
    const int64_t train = static_cast<int64_t>(split_.train.size());
    int64_t size = batched(plan.batch_size) ? plan.batch_size : train, step = 0;
    while ((step = step_bytes(size)) > budget_.large_arrays && size > kLeastBatch)
      size = std::max(kLeastBatch, size / 2);
    if (size < train) plan.batch_size = size;
    plan.fits = step <= budget_.large_arrays;
    if (!plan.fits) plan.least = (others_ + step) / 3 * 4;
  }

  /// Returns the bytes that steps need, without the graph and the draws.
  int64_t step_bytes(int64_t batch_size) const {
    DryStage stage = network(batch_size);
    stage.edges = 0, stage.k.clear(), stage.draws.clear(), stage.evaluates = false;
    return dry_run({stage}, 0, 0).front().peak_ram;
  }

  bool sampled() const { return draws_edges(recipe_); }

  std::vector<DryStage> dry_stages(int64_t batch_size) const {
    std::vector<DryStage> stages;
    if (sampled()) stages.push_back(estimator());
    stages.push_back(network(batch_size));
    return stages;
  }

  /// Sets the memory, scratch and decisions of each stage. The dry run counts large arrays; process_bytes() adds the
  /// rest of the process.
  void needs(Plan& plan) const {
    const std::vector<DryStage> stages = dry_stages(plan.batch_size);
    const auto uses = dry_run(stages, held_, budget_.large_arrays);
    plan.stages.clear();
    if (sampled()) plan.stages.push_back(of_estimator());
    plan.stages.push_back(of_network(plan.batch_size));
    plan.memory = plan.scratch = 0;
    for (size_t s = 0; s < uses.size(); ++s) {
      plan.stages[s].memory = process_bytes(uses[s].peak_ram);
      plan.stages[s].scratch = uses[s].peak_scratch;
      plan.stages[s].batches = stages[s].decision;
      plan.stages[s].evaluation = stages[s].evaluation_decision;
      plan.memory = std::max(plan.memory, plan.stages[s].memory);
      plan.scratch = std::max(plan.scratch, plan.stages[s].scratch);
    }
  }

  /// Sets the memory that each stage would take if it computed its blocks again in the backward pass.
  void recompute(Plan& plan) const {
    std::vector<DryStage> stages = dry_stages(plan.batch_size);
    for (DryStage& stage : stages) stage.shape.recompute = true;
    const auto uses = dry_run(stages, held_, budget_.large_arrays);
    for (size_t s = 0; s < uses.size(); ++s) plan.stages[s].recomputed = process_bytes(uses[s].peak_ram);
  }

  nn::TransformerShape network_shape() const {
    return nn::network_shape(recipe_, network_interface(prepared_, *task_));
  }

  /// Returns the stage of the estimator.
  DryStage estimator() const {
    const EstimatorRecipe& e = recipe_.estimator;
    DryStage stage = whole(nn::estimator_shape(recipe_, network_interface(prepared_, *task_)));
    if (e.batch_size > 0)
      take_batches(stage, e.batch_size, nodes_of_epoch(e.batch_size, false), std::vector<int64_t>(e.layers, e.fan_out),
                   false, true);
    return stage;
  }

  GraphSizes sizes(const nn::TransformerShape& shape) const {
    return sizes_of(prepared_.features, shape.layers, shape.width);
  }

  static BatchSizes sizes_of_batch(const std::vector<BatchLayer>& layers) {
    BatchSizes sizes{layers.front().sources, 0};
    for (const BatchLayer& layer : layers) sizes.destinations += layer.destinations;
    return sizes;
  }

  /// Gives the stage some sampled batches, and the decision that training takes from the sizes of a batch. If the last
  /// batch of an epoch, which has `nodes` training nodes, is smaller, a batch of its size is added.
  void take_batches(DryStage& stage, int64_t batch_size, int64_t nodes, const std::vector<int64_t>& k,
                    bool whole_needed, bool shares_draws) const {
    const int64_t count = batch_count(nodes, batch_size);
    if (count == 1) {
      stage.batches = {sample_batch(rows_, some_nodes(nodes, 0), k, 0)};
    } else {
      const int64_t last = nodes % batch_size;
      for (uint64_t b = 0; b < kBatches; ++b)
        stage.batches.push_back(sample_batch(rows_, some_nodes(batch_size, b), k, b));
      if (last > 1) stage.batches.push_back(sample_batch(rows_, some_nodes(last, 0), k, 0));
    }
    stage.decision = decide_batches(sizes(stage.shape), sizes_of_batch(stage.batches.front()), count, whole_needed,
                                    shares_draws, budget_);
    stage.batches_held = batches_held(stage.decision, count, stage.evaluates_beside, num_threads());
    if (stage.decision.draws_whole) stage.draws = k;
  }

  /// Returns the number of training nodes of an epoch that is cut into batches.
  int64_t nodes_of_epoch(int64_t batch_size, bool by_part) const {
    const DataRecipe& data = recipe_.data;
    return epoch_nodes(split_.train, by_part, data.label_inputs ? std::optional(data.hidden_share) : std::nullopt,
                       batch_size);
  }

  StagePlan of_estimator() const {
    StagePlan plan;
    plan.name = "estimator";
    plan.epochs = recipe_.estimator.epochs * recipe_.estimator.restarts;
    plan.steps = steps(recipe_.estimator.batch_size, false);
    const int64_t passes = recipe_.data.label_inputs ? 1 + kLabelParts : 1;  // whose scores are kept (EdgeScores)
    plan.disk = edges_ * (5 + 4 * recipe_.estimator.layers * passes) + 8 * data_.nodes;
    return plan;
  }

  int64_t steps(int64_t batch_size, bool by_part) const {
    return batch_count(nodes_of_epoch(batch_size, by_part), batch_size);
  }

  /// True if the network's edges are drawn by scores that depend on labels.
  bool by_part() const {
    return recipe_.data.label_inputs && sampled() && sampler_of(recipe_.network.sampler).by_score();
  }

  bool batched(int64_t batch_size) const {
    return batch_size > 0 && batch_size < static_cast<int64_t>(split_.train.size());
  }

  /// Returns the stage of the wide network.
  DryStage network(int64_t batch_size) const {
    DryStage stage = whole(network_shape());
    if (!sampled()) return stage;
    stage.k = recipe_.network.k;
    take_evaluation(stage, batch_size);
    const bool shares_draws = !sampler_of(recipe_.network.sampler).by_batch;
    take_batches(stage, batch_size, nodes_of_epoch(batch_size, by_part()), stage.k,
                 whole_is_needed(sizes(stage.shape), shares_draws, by_part(), stage.evaluation_decision), shares_draws);
    stage.predicts_all = predictions_ == PredictedNodes::kAll;
    return stage;
  }

  /// Gives the stage one list of evaluated nodes with its neighbourhood, if the stage evaluates by lists.
  void take_evaluation(DryStage& stage, int64_t batch_size) const {
    NetworkRecipe recipe = recipe_.network;
    recipe.batch_size = batch_size;
    std::vector<int32_t> evaluated = evaluated_nodes(split_);
    const auto count = static_cast<int64_t>(evaluated.size());
    const GraphSizes graph = sizes(stage.shape);
    const int64_t list = evaluation_list(recipe, graph, count);
    if (list == 0) return;
    evaluated.resize(list);
    const auto batch = sample_batch(rows_, evaluated, stage.k, kBatches);
    stage.evaluation_decision = decide_evaluation(recipe, graph, sizes_of_batch(batch), count, budget_);
    if (stage.evaluation_decision.nodes_per_list > 0) stage.evaluation = batch;
  }

  /// Returns `count` training nodes that are chosen by random keys, as in training.
  std::vector<int32_t> some_nodes(int64_t count, uint64_t key) const {
    std::vector<int32_t> nodes = split_.train;
    const auto before = [key](int32_t a, int32_t b) { return random_key(key, 7, a) < random_key(key, 7, b); };
    std::nth_element(nodes.begin(), nodes.begin() + count, nodes.end(), before);
    nodes.resize(count);
    return nodes;
  }

  StagePlan of_network(int64_t batch_size) const {
    StagePlan plan;
    plan.name = "network";
    plan.epochs = recipe_.network.epochs;
    plan.steps = steps(batch_size, by_part());
    const int64_t predicted =
        predictions_ == PredictedNodes::kAll ? data_.nodes : static_cast<int64_t>(nodes_of(split_).size());
    plan.disk = predicted * (4 + 8 * static_cast<int64_t>(task_->file_columns().size()));  // size of predictions.csv
    return plan;
  }

  void time(Plan& plan) const {
    const auto stages = dry_stages(plan.batch_size);
    for (size_t s = 0; s < stages.size(); ++s) {
      StagePlan& stage = plan.stages[s];
      const bool first = sampled() && s == 0;
      stage.seconds_per_epoch =
          epoch_seconds(stages[s], stage.steps, first ? recipe_.estimator.eval_every : recipe_.network.eval_every,
                        first ? 1 : recipe_.network.eval_draws);
      stage.seconds = stage.seconds_per_epoch * static_cast<double>(stage.epochs);
    }
    plan.seconds = 0;
    for (const StagePlan& stage : plan.stages) plan.seconds += stage.seconds;
  }

  /// Returns the seconds of an epoch. Steps and evaluations of the whole graph are measured on fewer nodes with the
  /// same average degree, and scaled to all nodes. A batch is measured with its own size. A list of evaluated nodes
  /// counts as a third of a step. An evaluation is made `eval_draws` times.
  double epoch_seconds(DryStage stage, int64_t steps, int64_t eval_every, int64_t eval_draws) const {
    constexpr double kEdges = 1e6, kNodes = 1e5;
    const double n = static_cast<double>(stage.nodes);
    const double share = std::min({1.0, kEdges / std::max(1.0, static_cast<double>(stage.edges)), kNodes / n});
    const auto part = [share](int64_t all) {
      return std::max<int64_t>(1, std::llround(static_cast<double>(all) * share));
    };
    const double of_batch = stage.batches.empty() ? 0 : batch_seconds(stage);
    stage.nodes = part(stage.nodes), stage.edges = part(stage.edges), stage.train_nodes = part(stage.train_nodes);
    if (stage.sparse_features > 0) stage.sparse_features = part(stage.sparse_features);
    stage.batches.clear();
    const int64_t pieces =
        stage.evaluation.empty() ? 0 : stage.evaluated_nodes / stage.evaluation.back().destinations + 1;
    stage.evaluation.clear();
    const StepSeconds measured = measure_step(stage);
    const double draws = static_cast<double>(edges_) * static_cast<double>(stage.draws.size()) / kDrawnPerSecond;
    const double evaluation = pieces > 0 ? static_cast<double>(pieces) * of_batch / 3 : measured.evaluation / share;
    return draws + static_cast<double>(steps) * (of_batch > 0 ? of_batch : measured.step / share) +
           evaluation * static_cast<double>(eval_draws) / static_cast<double>(eval_every);
  }

  /// Returns the seconds of a step on the first batch, on a graph that has just enough nodes.
  static double batch_seconds(DryStage stage) {
    stage.batches.resize(1);
    stage.nodes = std::min(stage.nodes, 3 * stage.batches.front().front().sources);
    stage.edges = stage.nodes;
    stage.sparse_features = std::min(stage.sparse_features, stage.nodes * stage.shape.features);
    stage.k.clear();  // measure_step() evaluates too, but only the time of the step is used
    return measure_step(stage).step;
  }

  /// Sets the memory that Exphormer on all edges and full attention would need, for comparison.
  void compare(Plan& plan) const {
    Recipe full = recipe_;
    full.model = "exphormer";
    DryStage stage = whole(nn::network_shape(full, network_interface(prepared_, *task_)));
    stage.graph_in_files = false;
    plan.full_exphormer = process_bytes(dry_run({stage}, held_, 0).front().peak_ram);
    const double n = static_cast<double>(data_.nodes);
    plan.full_attention = static_cast<int64_t>(
        std::min(9e18, 4 * n * n * static_cast<double>(recipe_.network.heads * recipe_.network.layers)));
  }

  /// Returns the bytes of the process if its large arrays have `large` bytes. The sum has the other bytes that the
  /// process held at the start, 2 % that huge pages round up, and kWorkspace bytes for the small blocks of threads,
  /// matrix products and autograd. Both constants are measured (bench/results/plan.jsonl).
  int64_t process_bytes(int64_t large) const { return others_ + large + large / 50 + kWorkspace; }

  static constexpr int64_t kWorkspace = int64_t{16} << 20;
  static constexpr double kDrawnPerSecond = 3e8;  ///< weighted edges that a draw of one layer reads per second

  const Dataset& data_;
  const Recipe& recipe_;
  const MemoryBudget budget_;
  const bool calibrate_;
  const PredictedNodes predictions_;
  const PreparedData prepared_;
  const std::unique_ptr<Task> task_;
  const Rows rows_;
  const int64_t edges_;
  const Split split_;
  /// Bytes of large arrays, and other anonymous bytes of the process, at the start.
  const int64_t held_ = memory_use().ram, others_ = anonymous_bytes() - held_;
};

}  // namespace

Plan make_plan(const Dataset& data, const Recipe& recipe, const PlanRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  if (recipe.network.epsilon > 0)
    observer.note(
        "network.epsilon chooses k from the scores, which are not there yet: planned with network.k as it stands");
  return Planner(data, recipe, request, observer).plan();
}

}  // namespace graphsieve
