// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace graphsieve {

namespace {

/// Returns the value at `share` (0 to 1) of a half cosine from `from` to `to`.
double half_cosine(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}

/// Returns the rate of a one-cycle schedule (Smith and Topin 2018) with the constants of torch's OneCycleLR.
double one_cycle(const TrainRecipe& recipe, double epoch) {
  const double last = static_cast<double>(recipe.epochs) - 1, top = 0.3 * static_cast<double>(recipe.epochs) - 1;
  const double least = recipe.lr / 25;
  if (epoch <= top) return half_cosine(least, recipe.lr, epoch / top);
  return half_cosine(recipe.lr, least / 1e4, (epoch - top) / std::max(1.0, last - top));
}

}  // namespace

double learning_rate(const TrainRecipe& recipe, int64_t epoch) {
  const double e = static_cast<double>(epoch), warmup = static_cast<double>(recipe.warmup);
  if (recipe.schedule == "one_cycle") return one_cycle(recipe, e);
  if (recipe.warmup > 0 && epoch == 0) return recipe.lr * 1e-6;
  if (epoch < recipe.warmup) return recipe.lr * e / warmup;
  if (recipe.schedule == "constant") return recipe.lr;
  const double rest = std::max(1.0, static_cast<double>(recipe.epochs) - warmup);
  return recipe.lr / 2 * (1 + std::cos(std::numbers::pi * (e - warmup) / rest));
}

double temperature(const EstimatorRecipe& recipe, int64_t epoch) {
  if (epoch < recipe.wait) return 1;
  return std::max(recipe.min_temperature, std::pow(recipe.temperature_rate, static_cast<double>(epoch - recipe.wait)));
}

}  // namespace graphsieve
