// The published recipes, which travel inside the library: recipes/*.yaml by name.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

struct EmbeddedRecipe {
  std::string name;  ///< the file's stem: "minesweeper"
  std::string yaml;
};

/// All of them, by name. Defined in a source that cmake/recipes.cmake makes.
const std::vector<EmbeddedRecipe>& embedded_recipes();

/// The embedded recipe of that name, else the recipe in that file (a path with a folder or ending in .yaml or .yml is
/// always a file). Throws Error if there is neither, with the nearest name and the list. Not resolved, not checked.
Recipe load_recipe(const std::string& name_or_path);

}  // namespace graphsieve
