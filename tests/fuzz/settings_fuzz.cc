// SPDX-License-Identifier: Apache-2.0
// apply_setting, as --set gives it: one setting per line of the input, up to the first that is refused.
#include <algorithm>

#include "fuzzing.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/recipe/recipe_value.h"
#include "models.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  Recipe recipe;
  std::string text = text_of(input);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    apply_setting(recipe, text.substr(begin, end - begin));
    begin = end + 1;
  }
  resolve_recipe(recipe);
  check_recipe(recipe);
  const std::string yaml = to_yaml(recipe);
  if (to_yaml(parse_recipe(yaml, "again.yaml")) != yaml) finding("a written recipe is read otherwise: " + yaml);
}

void add_seeds(Corpus& to) {
  std::string all;
  for (const RecipeKey& key : recipe_keys()) {
    const std::string setting = key.name + "=" + write_value(key.default_value(), !key.words.empty());
    to.add(setting);
    to.word(key.name + "=");
    for (const std::string& word : key.words) to.word(word);
    all += setting + "\n";
  }
  to.add(all);
  for (const char* text :
       {"network.k=12-5-5-5", "network.k=12,5,5,5", "network.k=7\nnetwork.layers=3", "network.k=[1,2", "network.k=--1",
        "=3", "x", "network.lr=.inf", "network.lr=1e-320", "network.width=99999999999999999999", "network=8", "width=8",
        "name=\"\\u0000\"", "name=&a *a", "name=&a [*a]", "network.width=&a {b: *a}",
        "network.width=", "network.k=&a [*a, 1]", "graph.directed=yes"})
    to.add(text);
  for (const char* word : {"&a ", "*a", "[", "]", "{", "}", "!!int ", "\"\\x", "-5-5", "|", "1e308", "0x1p3"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
