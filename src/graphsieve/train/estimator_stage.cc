// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/estimator_stage.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/random.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/train/sampled_stage.h"
#include "graphsieve/train/schedule.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

/// Returns the validation value of the best prediction that uses no features.
double guessing(const StageContext& context) {
  return context.task.evaluate(context.task.guess(context.split.train), context.split.val);
}

/// True if a validation value is no better than a guess, or better by less than three hundredths: of 1 for a metric of
/// which more is better, of the guess for an error.
bool hardly_better(const Metric& metric, double value, double guess) {
  return metric.larger_is_better ? value < guess + 0.03 : value > 0.97 * guess;
}

/// Returns the key of a start's random weights. The first start has the same weights for every number of starts.
uint64_t start_key(uint64_t seed, int64_t start) {
  return start == 0 ? random_key(seed, Stream::kEstimatorWeights)
                    : random_key(seed, Stream::kEstimatorWeights, static_cast<uint64_t>(start));
}

}  // namespace

namespace {

/// Returns an estimator on the run's device, whose weights the caller initialises or restores.
nn::Transformer new_estimator(const StageContext& context) {
  const nn::ParametersOn parameters_on(context.data.device);
  return nn::Transformer(nn::estimator_shape(context.recipe, network_interface(context.data, context.task)));
}

/// The stage that trains the estimator by mini-batches of uniformly drawn edges. It is evaluated on all edges.
class BatchedEstimator : public SampledStage {
 public:
  BatchedEstimator(const StageContext& context, const PreparedGraph& graph, uint64_t seed)
      : SampledStage(
            "estimator",
            SampledGraph(context.data.features, ScoredGraph(graph.edges, context.recipe.estimator.layers),
                         std::vector<int64_t>(context.recipe.estimator.layers, context.recipe.estimator.fan_out),
                         {ops::SampleRule::kUniform}, seed, context.budget),
            sizes_of(context.data.features, context.recipe.estimator.layers, context.recipe.estimator.width), context,
            context.recipe.estimator.batch_size, seed),
        recipe_(context.recipe.estimator),
        whole_(whole_graph_input(context.data, graph, recipe_.layers)) {}

  double temperature(int64_t epoch) const override { return graphsieve::temperature(recipe_, epoch); }
  GraphView evaluation() override {
    return {[this] { return whole_; }};
  }

 private:
  const EstimatorRecipe& recipe_;
  const NetworkInput whole_;
};

std::unique_ptr<Stage> estimator_stage(const StageContext& context, const PreparedGraph& graph) {
  const EstimatorRecipe& recipe = context.recipe.estimator;
  if (recipe.batch_size > 0)
    return std::make_unique<BatchedEstimator>(context, graph, random_key(context.seed, Stream::kEstimator));
  return std::make_unique<WholeGraphStage>("estimator", context, graph, recipe.layers,
                                           [&recipe](int64_t epoch) { return temperature(recipe, epoch); });
}

/// The starts that are finished: the best network, and the time and memory that all starts took.
struct Restarts {
  Metric metric;  ///< chooses the best start
  int64_t done = 0;
  nn::Transformer best{nullptr};
  StageFigures figures = {};  ///< the best start's quality, and the cost of all starts

  /// Adds a finished start. The figures of a better start replace those of the best one so far; then the time of all
  /// starts is summed, and the peaks of memory are the largest of all starts.
  void add(const nn::Transformer& network, const StageFigures& of) {
    const StageFigures before = figures;
    if (done == 0 || metric.better(of.val, before.val)) best = network, figures = of;
    if (++done == 1) return;
    figures.seconds = before.seconds + of.seconds;
    figures.waiting_seconds = before.waiting_seconds + of.waiting_seconds;
    figures.sampling_seconds = of.sampling_seconds;  // the stage, which all starts share, counts on from start to start
    figures.resident_at_start = before.resident_at_start;
    for (int64_t StageFigures::* peak :
         {&StageFigures::peak_tensor_bytes, &StageFigures::peak_device, &StageFigures::peak_ram,
          &StageFigures::peak_scratch, &StageFigures::peak_resident})
      figures.*peak = std::max(before.*peak, of.*peak);
  }

  void save(Checkpoint& to) const {
    to.state["starts"] = {{"done", done}, {"figures", stage_json(figures)}};
    if (done > 0) to.add("best_start.", nn::state_of(best));
  }

  void restore(const Checkpoint& from, const nn::Transformer& empty) {
    const JsonObject starts = from.view().object("starts");
    done = starts.count("done");
    figures = stage_figures(starts.object("figures"));
    if (done == 0) return;
    best = empty;
    from.restore("best_start.", nn::state_of(best));
  }
};

}  // namespace

Estimate train_estimator(const StageContext& context, const PreparedGraph& graph) {
  const EstimatorRecipe& recipe = context.recipe.estimator;
  const std::unique_ptr<Stage> stage = estimator_stage(context, graph);
  // A checkpoint is written within a start. It has the state of the start's own training loop and, beside that state,
  // the best of the finished starts.
  Restarts starts{.metric = context.task.metric()};
  StageContext of_start = context;
  of_start.record = [&](EpochRecord record) {
    record.start = starts.done;
    context.record(record);
  };
  of_start.add_to_checkpoint = [&](Checkpoint& to) {
    if (context.add_to_checkpoint) context.add_to_checkpoint(to);
    starts.save(to);
  };
  if (context.resume) starts.restore(*context.resume, new_estimator(context));
  while (starts.done < recipe.restarts) {
    nn::Transformer network = new_estimator(context);
    nn::initialise(*network, start_key(context.seed, starts.done));
    const StageFigures figures = train_stage(*stage, network, recipe, of_start);
    of_start.resume = nullptr;  // only the start that was interrupted continues from the checkpoint
    starts.add(network, figures);
    if (recipe.restarts > 1)
      context.observer.information(
          str("estimator, start ", starts.done, " of ", recipe.restarts, ": validation ", figures.val));
  }
  if (hardly_better(context.task.metric(), starts.figures.val, guessing(context)))
    context.observer.note(str("the estimator's best validation value is ", starts.figures.val,
                              ", about what guessing gives: its scores may mislead; try ",
                              setting("estimator.restarts", "4"), ", or more epochs"));
  return {starts.best, starts.figures, temperature(recipe, starts.figures.best_epoch)};
}

}  // namespace graphsieve
