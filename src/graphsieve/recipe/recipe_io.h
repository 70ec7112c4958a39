// SPDX-License-Identifier: Apache-2.0
// Recipes in YAML:
//
//   extends: default       # optional: begin with an embedded recipe's values
//   network:
//     width: 32
//     k: [12, 5, 5, 5]     # or 12-5-5-5, or one number for all layers
#pragma once

#include <string>

#include "graphsieve/base/export.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Reads a recipe. A key that is not given keeps its value in the recipe named by `extends`, or else in the structs.
/// `source_name` (a path or the name of a recipe) is named in errors, and its stem is the name of the recipe if the
/// text gives none. Throws Error for an unknown key, with the nearest one, and for a value of another type.
/// check_recipe() checks if the values are allowed.
GRAPHSIEVE_API Recipe parse_recipe(const std::string& yaml_text, const std::string& source_name);

/// Sets one key: "network.width=64", "network.k=[12,5,5,5]", "network.k=12-5-5-5". The value is YAML. Setting network.k
/// sets network.epsilon to 0, since only one of the two can determine k and the later setting counts. Throws Error for
/// an unknown key or a value of another type.
GRAPHSIEVE_API void apply_setting(Recipe& recipe, const std::string& setting);

/// Returns every key in the order of the table. parse_recipe() reads the same recipe from it, bit for bit.
GRAPHSIEVE_API std::string to_yaml(const Recipe& recipe);

}  // namespace graphsieve
