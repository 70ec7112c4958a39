// What a recipe's values must satisfy before a run.
#pragma once

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Fills in what follows from other keys: a network.k of one number becomes that number for each of network.layers.
/// Call it after the last setting and before check_recipe.
void resolve_recipe(Recipe& recipe);

/// Throws Error, naming the key, its value and what was expected, unless every value is allowed and they fit together.
void check_recipe(const Recipe& recipe);

}  // namespace graphsieve
