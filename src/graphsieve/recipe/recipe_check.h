// SPDX-License-Identifier: Apache-2.0
// Checks of a recipe's values before a run.
#pragma once

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Fills in values that follow from other keys: a network.k with one number becomes that number for each of the
/// network.layers. To be called after the last setting and before check_recipe().
void resolve_recipe(Recipe& recipe);

/// Throws Error, naming the key, its value and the expected values, unless every value is allowed and the values fit
/// together.
void check_recipe(const Recipe& recipe);

}  // namespace graphsieve
