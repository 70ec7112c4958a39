// SPDX-License-Identifier: Apache-2.0
// parse_recipe: YAML, and the recipe written and read again.
#include "fuzzing.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "models.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  Recipe recipe = parse_recipe(text_of(input), "fuzz.yaml");
  const bool valid = accepted([&recipe] {
    resolve_recipe(recipe);
    check_recipe(recipe);
  });
  if (!valid) return;
  const std::string yaml = to_yaml(recipe);
  if (to_yaml(parse_recipe(yaml, "again.yaml")) != yaml) finding("a written recipe is read otherwise: " + yaml);
}

void add_seeds(Corpus& to) {
  const Recipe defaults;
  to.add(to_yaml(defaults));
  for (const EmbeddedRecipe& recipe : embedded_recipes()) to.add(recipe.yaml);
  for (const char* text : {"extends: minesweeper\nnetwork: {k: 12-5-5-5, lr: .01}\nestimator.width: 8\n",
                           "network:\n  k: [1, 2, 3, 4]\n",
                           "network: {k: 7, layers: 3}\n",
                           "name: \"a\\\"b\\\\\\n: #\\x07\"\n",
                           "name: *a\n",
                           "&a name: *a\n",
                           "&a {network: *a}\n",
                           "network: &a {width: 8}\nestimator: *a\n",
                           "network: &a\n  k: *a\n",
                           "--- {}\n--- {}\n",
                           "? [1, 2]\n: 3\n",
                           "!!map {}\n",
                           "%YAML 1.2\n---\nmodel: plain\n",
                           "<<: {model: plain}\n",
                           "network:\n  width: !!int 8\n",
                           "extends: [a]\n",
                           "a: b: c\n",
                           "network: {dropout: nan, lr: 1e999, clamp: -.inf}\n",
                           "network.width: 3\nnetwork: {width: 4}\n",
                           "~: ~\n",
                           "[]\n",
                           "\"\n"})
    to.add(text);
  to.add("network: " + std::string(1000, '[') + "\n");
  to.add("network: " + std::string(1000, '{') + "\n");
  for (const RecipeKey& key : recipe_keys()) {
    to.word(key.name);
    for (const std::string& word : key.words) to.word(word);
  }
  for (const char* word :
       {"extends: ", "&a ", "*a", "!!str ", "- ", "? ", "|\n  ", ">-\n  ", "\n  ", "<<: ", "--- ", "%TAG ! !\n"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
