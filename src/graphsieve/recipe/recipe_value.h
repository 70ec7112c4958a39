// SPDX-License-Identifier: Apache-2.0
// Conversion of one value of a recipe from and to YAML.
#pragma once

#include <string>

#include "graphsieve/recipe/recipe_keys.h"

namespace YAML {
class Node;
}

namespace graphsieve {

/// Returns the node as a value of the key's type. A list of whole numbers can be written as [12, 5, 5, 5], 12-5-5-5 or
/// a single number. Throws Error, beginning with `where`, if the node has another type. check_recipe() checks ranges.
RecipeValue read_value(const RecipeKey& key, const YAML::Node& node, const std::string& where);

/// Returns the value as YAML on one line. A number has the fewest digits that read back as the same number. A text that
/// is a word (`is_word`) is not quoted.
std::string write_value(const RecipeValue& value, bool is_word);

}  // namespace graphsieve
