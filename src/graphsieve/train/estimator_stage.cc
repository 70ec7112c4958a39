#include "graphsieve/train/estimator_stage.h"

#include <torch/torch.h>

#include "graphsieve/base/random.h"
#include "graphsieve/train/schedule.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {

Estimate train_estimator(const StageContext& context, const PreparedGraph& graph) {
  const EstimatorRecipe& recipe = context.recipe.estimator;
  Estimate estimate;
  estimate.network = nn::Transformer(nn::estimator_shape(context.recipe, context.data.features.cols,
                                                         context.data.data.labels.classes, graph.graph.types));
  nn::initialise(*estimate.network, random_key(context.seed, 1));
  WholeGraphStage stage("estimator", context, graph, recipe.layers,
                        [&recipe](int64_t epoch) { return temperature(recipe, epoch); });
  estimate.figures = train_stage(stage, estimate.network, recipe, context);
  estimate.temperature = temperature(recipe, estimate.figures.best_epoch);
  estimate.scores = attention_scores(estimate.network, estimate.temperature, context.data, graph);
  return estimate;
}

std::vector<at::Tensor> attention_scores(nn::Transformer& estimator, double temperature, const PreparedData& data,
                                         const PreparedGraph& graph) {
  const torch::NoGradGuard no_grad;
  estimator->eval();
  std::vector<at::Tensor> scores;
  ForwardOptions options;
  options.temperature = temperature;
  options.scores = &scores;
  estimator(whole_graph_input(data, graph, estimator->layers()), options);
  for (auto& s : scores) s = s.view({-1});
  return scores;
}

}  // namespace graphsieve
