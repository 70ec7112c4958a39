#include "graphsieve/train/estimator_stage.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/train/schedule.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

/// The validation value of the same prediction for every node: each class's share of the training nodes.
double guessing(const StageContext& context) {
  const Labels& labels = context.data.data.labels;
  std::vector<float> share(labels.classes, 0.f);
  if (!labels.multi_label())
    for (const int32_t i : context.split.train)
      if (labels.single[i] >= 0) share[labels.single[i]] += 1.f / static_cast<float>(context.split.train.size());
  const Probabilities same{labels.classes, {share.begin(), share.end()}};
  return evaluate(context.data.metric, same, labels, context.split.val);
}

/// The first start has the same weights whatever the number of starts.
uint64_t start_key(uint64_t seed, int64_t start) {
  return start == 0 ? random_key(seed, 1) : random_key(seed, 1, static_cast<uint64_t>(start));
}

}  // namespace

Estimate train_estimator(const StageContext& context, const PreparedGraph& graph) {
  const EstimatorRecipe& recipe = context.recipe.estimator;
  WholeGraphStage stage("estimator", context, graph, recipe.layers,
                        [&recipe](int64_t epoch) { return temperature(recipe, epoch); });
  Estimate estimate;
  double seconds = 0;
  int64_t peak = 0;
  for (int64_t start = 0; start < recipe.restarts; ++start) {
    nn::Transformer network(nn::estimator_shape(context.recipe, context.data.features.cols,
                                                context.data.data.labels, graph.graph.types));
    nn::initialise(*network, start_key(context.seed, start));
    StageContext of_start = context;
    of_start.record = [&](EpochRecord record) {
      record.start = start;
      context.record(record);
    };
    const StageFigures figures = train_stage(stage, network, recipe, of_start);
    seconds += figures.seconds;
    peak = std::max(peak, figures.peak_tensor_bytes);
    if (recipe.restarts > 1)
      context.observer.note(str("estimator, start ", start + 1, " of ", recipe.restarts, ": validation ", figures.val));
    if (start > 0 && !better(figures.val, estimate.figures.val)) continue;
    estimate.network = network;
    estimate.figures = figures;
  }
  estimate.figures.seconds = seconds;
  estimate.figures.peak_tensor_bytes = peak;
  if (estimate.figures.val < guessing(context) + 0.03)
    context.observer.note(str("the estimator's best validation value is ", estimate.figures.val,
                              ", about what guessing gives: its scores may mislead; try --set estimator.restarts=4, or more epochs"));
  estimate.temperature = temperature(recipe, estimate.figures.best_epoch);
  return estimate;
}

}  // namespace graphsieve
