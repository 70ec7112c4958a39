// SPDX-License-Identifier: Apache-2.0
// Learning rate and temperature by epoch.
#pragma once

#include <cstdint>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The learning rate of an epoch, with lr = recipe.learning_rate: lr·1e-6 at epoch 0, lr·e/warmup up to `warmup`, then
/// lr/2·(1 + cos π(e − warmup)/(epochs − warmup)).
double learning_rate(const TrainRecipe& recipe, int64_t epoch);

/// The estimator's temperature in an epoch: 1 before epoch `wait`, then max(min_temperature, rate^(epoch − wait)).
double temperature(const EstimatorRecipe& recipe, int64_t epoch);

}  // namespace graphsieve
