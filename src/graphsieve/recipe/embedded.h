// SPDX-License-Identifier: Apache-2.0
// The published recipes (recipes/*.yaml), which are compiled into the library.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// A published recipe as text.
struct EmbeddedRecipe {
  std::string name;  ///< name of its file without the extension: "minesweeper"
  std::string yaml;
};

/// Returns all published recipes, sorted by name. cmake/recipes.cmake generates the source that defines this function.
GRAPHSIEVE_API const std::vector<EmbeddedRecipe>& embedded_recipes();

/// Reads the embedded recipe of that name or, if there is none, the recipe in that file. A name that contains a slash
/// or ends in .yaml or .yml is always a file. The recipe is neither resolved nor checked. Throws Error if there is
/// neither, with the nearest name and the list of names.
GRAPHSIEVE_API Recipe load_recipe(const std::string& name_or_path);

}  // namespace graphsieve
