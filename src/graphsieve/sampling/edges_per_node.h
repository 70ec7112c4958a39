// SPDX-License-Identifier: Apache-2.0
// How many in-edges the network takes per node and layer: k, or the smallest k within an error ε.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// What was asked for. With epsilon above 0, k is found from the scores (sampling/choose_k.h).
struct EdgesPerNode {
  std::vector<int64_t> k;      ///< one number per layer
  double epsilon = 0;          ///< largest error that drawing may leave; 0: k as it is
  std::string error = "mass";  ///< which error epsilon bounds: mass | operator_norm

  bool by_error() const { return epsilon > 0; }
};

/// A recipe's network.k, network.epsilon and network.epsilon_of.
inline EdgesPerNode edges_per_node(const NetworkRecipe& recipe) {
  return {recipe.k, recipe.epsilon, recipe.epsilon_of};
}

}  // namespace graphsieve
