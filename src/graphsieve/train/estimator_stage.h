// SPDX-License-Identifier: Apache-2.0
// Stage 1: the narrow attention score estimator, trained on the whole attention graph or on mini-batches of it.
#pragma once

#include "graphsieve/run/figures.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// The trained estimator.
struct Estimate {
  nn::Transformer network{nullptr};
  StageFigures figures;
  double temperature = 1;  ///< temperature of the best epoch
};

/// Trains the estimator, from each of recipe.estimator.restarts random starts, and returns the best. Throws as
/// train_stage.
Estimate train_estimator(const StageContext& context, const PreparedGraph& graph);

}  // namespace graphsieve
