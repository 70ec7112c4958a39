// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/repeat.h"

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/base/utf8.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/recipe/recipe_value.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

std::string text_of(const RecipeKey& key, const Recipe& recipe) {
  return write_value(key.get(recipe), !key.words.empty());
}

/// Returns a list as "12-5-5-5", which needs no quotes in a shell.
std::string list_word(const RecipeValue& value) {
  std::string word;
  for (const int64_t x : std::get<std::vector<int64_t>>(value)) word += str(word.empty() ? "" : "-", x);
  return word;
}

/// Returns a path, given as text (path_text), as a word of a shell. Bytes that are not UTF-8 are written as $'\xNN',
/// which bash and zsh understand.
std::string shell_path(const std::string& text) {
  const std::string path = path_of_text(text).string();
  if (is_utf8(path)) return shell_word(path);
  std::string word = "$'";
  for (size_t at = 0; at < path.size();) {
    const int bytes = first_character(std::string_view(path).substr(at)).bytes;
    const char c = path[at];
    if (bytes == 0)
      word += path_text(std::string(1, c));
    else if (c == '\'' || c == '\\')
      word += {'\\', c};
    else
      word += path.substr(at, bytes);
    at += std::max(bytes, 1);
  }
  return word + "'";
}

/// Returns the argument GRAPH of the run as a word of a shell.
std::string graph_word(const Json& graph) {
  if (graph.value("source", "") != "generated") return shell_path(graph.value("source", "GRAPH"));
  const auto side = std::llround(std::sqrt(graph.value("nodes", 0.0)));
  return str("minesweeper:", side, ":", graph.value("generator_seed", uint64_t{0}));
}

/// Returns the different numbers, joined by commas.
std::string numbers(const Json& runs, const char* key) {
  std::vector<std::string> seen;
  for (const Json& run : runs)
    if (const std::string text = run.at(key).dump(); std::count(seen.begin(), seen.end(), text) == 0)
      seen.push_back(text);
  std::string all;
  for (const std::string& text : seen) all += (all.empty() ? "" : ",") + text;
  return all;
}

}  // namespace

Json recipe_changes(const Recipe& recipe) {
  const auto& all = embedded_recipes();
  const bool known =
      std::any_of(all.begin(), all.end(), [&](const EmbeddedRecipe& e) { return e.name == recipe.name; });
  const std::string name = known ? recipe.name : "default";
  Recipe published = load_recipe(name);
  resolve_recipe(published);
  Json changes = Json::array();
  for (const RecipeKey& key : recipe_keys()) {
    if (key.name == "name" || key.get(recipe) == key.get(published)) continue;
    const RecipeValue value = key.get(recipe);
    const bool list = std::holds_alternative<std::vector<int64_t>>(value);
    changes.push_back({{"key", key.name},
                       {"value", list ? list_word(value) : text_of(key, recipe)},
                       {"published", list ? list_word(key.get(published)) : text_of(key, published)}});
  }
  return {{"published", name}, {"changes", changes}};
}

std::string command_to_repeat(const Json& result, const Json& changes) {
  if (const auto c = result.find("compression"); c != result.end() && c->is_object())
    return str("graphsieve compress ", shell_path(c->value("from", "RUN")), " --method ", c->value("method", ""),
               " --width ", c->value("width", int64_t{0}));
  const Json& runs = result.at("runs");
  const bool estimator_alone = runs.at(0).at("network").is_null();
  std::string command = str("graphsieve ", estimator_alone ? "estimate" : "run", " ", graph_word(result.at("graph")),
                            " --recipe ", changes.at("published").get<std::string>());
  const Json& list = changes.at("changes");
  const bool chosen =
      std::any_of(list.begin(), list.end(), [](const Json& c) { return c.at("key") == "network.epsilon"; });
  for (const Json& change : list) {
    const std::string key = change.at("key");
    if (key == "network.k" && chosen) continue;  // epsilon determines k
    command += str(" --set ", shell_word(str(key, "=", change.at("value").get<std::string>())));
  }
  const std::string splits = numbers(runs, "split");
  const auto per_split = runs.size() / (static_cast<size_t>(std::count(splits.begin(), splits.end(), ',')) + 1);
  command += str(" --split ", splits);
  if (per_split > 1) command += str(" --repeats ", per_split);
  return str(command, " --seed ", runs.at(0).at("seed").dump());
}

std::string shell_word(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::string("_-./=:,+@%").find(static_cast<char>(c)) != std::string::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace graphsieve
