// One value of a recipe, from and to YAML.
#pragma once

#include <string>

#include "graphsieve/recipe/recipe_keys.h"

namespace YAML {
class Node;
}

namespace graphsieve {

/// The node as a value of the key's type. A list of whole numbers may be [12, 5, 5, 5], 12-5-5-5 or a single number.
/// Throws Error, its message beginning with `where`, if the node has another type. Ranges are check_recipe's.
RecipeValue read_value(const RecipeKey& key, const YAML::Node& node, const std::string& where);

/// The value as YAML on one line; numbers in the fewest digits that read back as the same number.
std::string write_value(const RecipeValue& value, bool is_word);

}  // namespace graphsieve
