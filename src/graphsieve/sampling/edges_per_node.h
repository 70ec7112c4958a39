// SPDX-License-Identifier: Apache-2.0
// The number of in-edges that the network takes per node and layer: a given k, or the smallest k within an error ε.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The number of in-edges as a recipe asks for it. With epsilon above 0, k is chosen from the scores
/// (sampling/choose_k.h).
struct EdgesPerNode {
  std::vector<int64_t> k;      ///< one number per layer
  double epsilon = 0;          ///< largest error that a draw may have; 0: k is taken as given
  std::string error = "mass";  ///< the error that epsilon bounds: mass | operator_norm

  /// True if k is chosen by its error.
  bool by_error() const { return epsilon > 0; }
};

/// Returns a recipe's network.k, network.epsilon and network.epsilon_of.
inline EdgesPerNode edges_per_node(const NetworkRecipe& recipe) {
  return {recipe.k, recipe.epsilon, recipe.epsilon_of};
}

}  // namespace graphsieve
