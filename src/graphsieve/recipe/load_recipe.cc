// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr int64_t kMaxRecipeBytes = 1 << 20;

bool looks_like_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".yaml") || text.ends_with(".yml");
}

std::string read_text(const std::string& path) {
  try {
    return read_text_file(path, kMaxRecipeBytes);
  } catch (const Error& error) {
    throw Error("recipe ", error.what());
  }
}

}  // namespace

Recipe load_recipe(const std::string& name_or_path) {
  if (looks_like_path(name_or_path)) return parse_recipe(read_text(name_or_path), name_or_path);
  std::vector<std::string> names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    if (recipe.name == name_or_path) return parse_recipe(recipe.yaml, recipe.name);
    names.push_back(recipe.name);
  }
  if (std::error_code none; std::filesystem::is_regular_file(name_or_path, none))
    return parse_recipe(read_text(name_or_path), name_or_path);
  throw Error("no recipe is named '", name_or_path, "'", did_you_mean(name_or_path, names),
              "\nexpected a YAML file or one of ", join_words(names));
}

}  // namespace graphsieve
