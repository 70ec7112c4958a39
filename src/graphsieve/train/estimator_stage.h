// Stage 1: the narrow attention score estimator, trained on the whole attention graph; then every layer's scores.
#pragma once

#include "graphsieve/train/stage.h"

namespace graphsieve {

struct Estimate {
  nn::Transformer network{nullptr};
  StageFigures figures;
  double temperature = 1;                 ///< of the best epoch
  std::vector<at::Tensor> scores;         ///< float32 [edges] a layer, in the attention graph's order
};

Estimate train_estimator(const StageContext& context, const PreparedGraph& graph);

/// The estimator's scores with given weights: evaluation mode, one pass over the whole graph.
std::vector<at::Tensor> attention_scores(nn::Transformer& estimator, double temperature, const PreparedData& data,
                                         const PreparedGraph& graph);

}  // namespace graphsieve
