// Stage 1: the narrow attention score estimator, trained on the whole attention graph or on mini-batches of it.
#pragma once

#include "graphsieve/run/figures.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

struct Estimate {
  nn::Transformer network{nullptr};
  StageFigures figures;
  double temperature = 1;                 ///< of the best epoch
};

Estimate train_estimator(const StageContext& context, const PreparedGraph& graph);

}  // namespace graphsieve
