// SPDX-License-Identifier: Apache-2.0
// Stage 1: trains the narrow attention score estimator, on the whole attention graph or on mini-batches of its edges.
#pragma once

#include "graphsieve/run/figures.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// The trained estimator.
struct Estimate {
  nn::Transformer network{nullptr};
  StageFigures figures;  ///< best start's figures; `seconds` is the sum, `peak_tensor_bytes` the maximum of all starts
  double temperature = 1;  ///< temperature τ of the best epoch
};

/// Trains the estimator from each of recipe.estimator.restarts random starts, and returns the estimator with the best
/// validation value. Throws the errors of train_stage().
Estimate train_estimator(const StageContext& context, const PreparedGraph& graph);

}  // namespace graphsieve
