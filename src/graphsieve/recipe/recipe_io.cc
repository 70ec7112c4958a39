// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_io.h"

#include <filesystem>
#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/base/utf8.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/load_yaml.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/recipe/recipe_value.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr int kMaxExtends = 8;

Recipe parse_nested(const std::string& yaml_text, const std::string& source_name, int depth);

/// A key of an earlier version, and the value with which it changed nothing.
struct RetiredKey {
  const char* name;
  const char* value;
};
constexpr RetiredKey kRetired[] = {{"network.gate", "none"}, {"network.read_out", "last"}};

/// True if the key is one of an earlier version with the value that changed nothing, as recipes of run folders have it.
/// Throws Error if it has another value: such a network can no longer be made.
bool is_retired(const std::string& name, const YAML::Node& value, const std::string& where) {
  for (const RetiredKey& key : kRetired) {
    if (name != key.name) continue;
    if (value.IsScalar() && value.Scalar() == key.value) return true;
    throw Error(where, name, " was a key of an earlier version and is gone; expected it to be left out, or ",
                key.value);
  }
  return false;
}

/// Returns the key of that name. Throws Error, with a suggestion, if there is none.
const RecipeKey& known_key(const std::string& name, const std::string& where) {
  if (const RecipeKey* key = find_recipe_key(name)) return *key;
  throw Error(where, "unknown key ", name, suggest_recipe_key(name));
}

/// Sets the keys of a map. The name of each key is `group` followed by its own name; a map that is not the value of a
/// key is a group.
class MapReader {
 public:
  MapReader(std::string source_name, Recipe& recipe) : source_name_(std::move(source_name)), recipe_(recipe) {}

  void read(const YAML::Node& map, const std::string& group) {
    for (const auto& entry : map) {
      const std::string where = str(source_name_, ":", entry.first.Mark().line + 1, ": ");
      if (!entry.first.IsScalar())
        throw Error(where, "expected a key, found ", entry.first.IsNull() ? "nothing" : "a list or a map");
      const std::string name = group + entry.first.Scalar();
      if (!seen_.insert(name).second) throw Error(where, "key ", name, " is given twice");
      if (name == "extends" || is_retired(name, entry.second, where)) continue;
      if (entry.second.IsMap() && !find_recipe_key(name)) {
        read(entry.second, name + ".");
      } else {
        const RecipeKey& key = known_key(name, where);
        key.set(recipe_, read_value(key, entry.second, where));
      }
    }
  }

  bool has(const std::string& name) const { return seen_.count(name) > 0; }

 private:
  std::string source_name_;
  Recipe& recipe_;
  std::set<std::string> seen_;
};

/// Returns the embedded recipe of that name. Throws Error, with a suggestion, if there is none.
const EmbeddedRecipe& find_embedded(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    if (recipe.name == name) return recipe;
    names.push_back(recipe.name);
  }
  throw Error(where, "extends: no recipe is named '", name, "'", did_you_mean(name, names));
}

/// Returns the recipe that `extends` names, or the defaults. `depth` limits recipes that extend each other.
Recipe base_recipe(const YAML::Node& root, const std::string& source_name, int depth) {
  const YAML::Node extends = root["extends"];
  if (!extends) return Recipe{};
  const std::string where = str(source_name, ":", extends.Mark().line + 1, ": ");
  if (!extends.IsScalar()) throw Error(where, "extends: expected a recipe's name, found a list or a map");
  if (depth >= kMaxExtends) throw Error(where, "extends: recipes extend each other more than ", kMaxExtends, " deep");
  const EmbeddedRecipe& base = find_embedded(extends.Scalar(), where);
  return parse_nested(base.yaml, base.name, depth + 1);
}

Recipe parse_nested(const std::string& yaml_text, const std::string& source_name, int depth) {
  const YAML::Node root = load_yaml(yaml_text, source_name + ":");
  if (!root.IsMap()) throw Error(source_name, ": a recipe is a map of keys, such as 'model: spexphormer'");
  // The recipe that `extends` names is read first, and the keys of this text replace its values. A recipe that gives no
  // name is named after its own file, not after the recipe that it extends.
  Recipe recipe = base_recipe(root, source_name, depth);
  MapReader reader(source_name, recipe);
  reader.read(root, "");
  if (!reader.has("name")) recipe.name = path_text(std::filesystem::path(source_name).stem());
  return recipe;
}

}  // namespace

Recipe parse_recipe(const std::string& yaml_text, const std::string& source_name) {
  try {
    return parse_nested(yaml_text, source_name, 0);
  } catch (const YAML::Exception& e) {
    throw Error(source_name, ": ", e.what());
  }
}

void apply_setting(Recipe& recipe, const std::string& setting) {
  if (!is_utf8(setting)) throw Error("setting '", setting, "' is not UTF-8 text");
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error("setting '", setting, "': expected key=value, such as network.width=64");
  }
  const RecipeKey& key = known_key(setting.substr(0, equals), "setting: ");
  const YAML::Node value = load_yaml(setting.substr(equals + 1), str("setting ", key.name, ": line "));
  key.set(recipe, read_value(key, value, "setting "));
  if (key.name == "network.k") recipe.network.epsilon = 0;  // a given k replaces the search for one
}

std::string to_yaml(const Recipe& recipe) {
  std::string text, group;
  for (const RecipeKey& key : recipe_keys()) {
    const size_t dot = key.name.find('.');
    const std::string its_group = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (its_group != group) text += its_group + ":\n";
    group = its_group;
    const std::string member = dot == std::string::npos ? key.name : "  " + key.name.substr(dot + 1);
    text += member + ": " + write_value(key.get(recipe), !key.words.empty()) + "\n";
  }
  return text;
}

}  // namespace graphsieve
