// Recipes from and to YAML:
//
//   extends: default       # optional: begin with an embedded recipe's values
//   network:
//     width: 32
//     k: [12, 5, 5, 5]     # or 12-5-5-5, or one number for all layers
#pragma once

#include <string>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Reads a recipe; keys that are not given keep the values of `extends`, else of the structs. `source_name` (a path or
/// a recipe's name) is named in errors, and its stem is the recipe's name unless the text gives one. Throws Error on an
/// unknown key, with the nearest one, and on a value of another type. What the values may be is check_recipe's.
Recipe parse_recipe(const std::string& yaml_text, const std::string& source_name);

/// Sets one key: "network.width=64", "network.k=[12,5,5,5]", "network.k=12-5-5-5". The value is YAML. network.k sets
/// network.epsilon to 0: one of the two decides, the later setting.
void apply_setting(Recipe& recipe, const std::string& setting);

/// Every key, in the table's order; parse_recipe gives back the same recipe, bit for bit.
std::string to_yaml(const Recipe& recipe);

}  // namespace graphsieve
