#include <filesystem>
#include <fstream>
#include <sstream>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr std::streamsize kMaxRecipeBytes = 1 << 20;

bool looks_like_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".yaml") || text.ends_with(".yml");
}

std::string read_text(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw Error("recipe ", path, ": is a folder; expected a YAML file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("recipe ", path, ": cannot be opened");
  std::string text(kMaxRecipeBytes + 1, '\0');
  file.read(text.data(), kMaxRecipeBytes + 1);
  if (file.gcount() > kMaxRecipeBytes) throw Error("recipe ", path, ": more than 1 MiB; expected a short YAML file");
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

Recipe load_recipe(const std::string& name_or_path) {
  if (looks_like_path(name_or_path)) return parse_recipe(read_text(name_or_path), name_or_path);
  std::vector<std::string> names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    if (recipe.name == name_or_path) return parse_recipe(recipe.yaml, recipe.name);
    names.push_back(recipe.name);
  }
  if (std::filesystem::is_regular_file(name_or_path)) return parse_recipe(read_text(name_or_path), name_or_path);
  throw Error("no recipe is named '", name_or_path, "'", did_you_mean(name_or_path, names),
              "\nexpected a YAML file or one of ", join_words(names));
}

}  // namespace graphsieve
