// network.k from the scores: in each layer the smallest k whose draw is near enough to the whole attention.
#pragma once

#include <nlohmann/json.hpp>

#include "graphsieve/base/observer.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// One layer's curve of error against k, and what was taken of it.
struct ChosenK {
  std::vector<int64_t> k;
  std::vector<double> error;  ///< of each of them
  int64_t chosen = 0;         ///< one of k
  double left = 0;            ///< its error
};

/// For each of recipe.layers the first k whose error in recipe.epsilon_of, in the draw of (seed, epoch), is at most
/// recipe.epsilon; where none is, the k of the least error, with a note. mass tries every k up to the largest degree,
/// 256 at most. operator_norm, where each costs a power iteration and a larger k need not be nearer, tries 1 to 8 and
/// then each a quarter more, and stops at the first that will do. Throws Interrupted if the observer asks to stop.
std::vector<ChosenK> choose_k(const NetworkRecipe& recipe, const ops::AttentionEdges& edges,
                              const std::vector<at::Tensor>& scores, uint64_t seed, int64_t epoch, Observer& observer);

/// What was chosen, one a layer; and all of it, for epsilon.json (docs/run-folder.md).
std::vector<int64_t> k_of(const std::vector<ChosenK>& layers);
nlohmann::json epsilon_json(const NetworkRecipe& recipe, int64_t epoch, const std::vector<ChosenK>& layers);

}  // namespace graphsieve
