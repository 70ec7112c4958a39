// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace graphsieve {

double learning_rate(const TrainRecipe& recipe, int64_t epoch) {
  const double e = static_cast<double>(epoch), warmup = static_cast<double>(recipe.warmup);
  if (recipe.warmup > 0 && epoch == 0) return recipe.lr * 1e-6;
  if (epoch < recipe.warmup) return recipe.lr * e / warmup;
  const double rest = std::max(1.0, static_cast<double>(recipe.epochs) - warmup);
  return recipe.lr / 2 * (1 + std::cos(std::numbers::pi * (e - warmup) / rest));
}

double temperature(const EstimatorRecipe& recipe, int64_t epoch) {
  if (epoch < recipe.wait) return 1;
  return std::max(recipe.min_temperature, std::pow(recipe.temperature_rate, static_cast<double>(epoch - recipe.wait)));
}

}  // namespace graphsieve
