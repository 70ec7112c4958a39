// SPDX-License-Identifier: Apache-2.0
// The learning rate and the temperature of each epoch.
#pragma once

#include <cstdint>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Returns the learning rate of epoch e, with lr = recipe.lr: lr·1e-6 at epoch 0 if `warmup` is above 0, lr·e/warmup up
/// to `warmup`, then lr with the schedule "constant", and lr/2·(1 + cos π(e − warmup)/(epochs − warmup)) with "cosine".
/// The schedule "one_cycle" has no warm-up: the rate rises along half a cosine from lr/25 to lr at epoch 0.3·epochs −
/// 1, and then falls to lr/250000 at the last epoch.
double learning_rate(const TrainRecipe& recipe, int64_t epoch);

/// Returns the estimator's temperature τ in an epoch: 1 before epoch `wait`, then max(min_temperature, rate^(epoch −
/// wait)) with rate = recipe.temperature_rate.
double temperature(const EstimatorRecipe& recipe, int64_t epoch);

}  // namespace graphsieve
