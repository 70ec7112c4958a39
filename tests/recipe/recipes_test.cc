// SPDX-License-Identifier: Apache-2.0
// The published recipes, and the reference made of them.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_docs.h"
#include "graphsieve/recipe/recipe_io.h"
#include "messages.h"

namespace graphsieve {
namespace {

TEST(Recipes, EachPassesItsCheckAndIsReadBack) {
  EXPECT_GE(embedded_recipes().size(), 12u);
  for (const EmbeddedRecipe& embedded : embedded_recipes()) {
    SCOPED_TRACE(embedded.name);
    Recipe recipe = load_recipe(embedded.name);
    EXPECT_EQ(recipe.name, embedded.name);
    EXPECT_EQ(to_yaml(parse_recipe(to_yaml(recipe), "x")), to_yaml(recipe));
    resolve_recipe(recipe);
    check_recipe(recipe);
  }
}

TEST(Recipes, HoldThePublishedValues) {
  const Recipe minesweeper = load_recipe("minesweeper");
  EXPECT_EQ(minesweeper.network.k, (std::vector<int64_t>{12, 5, 5, 5}));
  EXPECT_EQ(minesweeper.network.heads, 4);
  const Recipe photo = load_recipe("photo");
  EXPECT_EQ(photo.estimator.lr, 0.1);
  EXPECT_EQ(photo.data.features, "binary");
  const Recipe pokec = load_recipe("pokec");
  EXPECT_EQ(pokec.graph.expander_degree, 5);
  EXPECT_EQ(pokec.network.output_layers, 2);
  const Recipe plain = load_recipe("plain");
  EXPECT_FALSE(plain.graph.expander_edges || plain.graph.self_loops);
}

TEST(Recipes, AnUnknownNameGetsASuggestionAndTheList) {
  const std::string message = message_of([] { load_recipe("minesweper"); });
  expect_in("did you mean minesweeper?", message);
  expect_in("tolokers", message);
  expect_in("cannot be read", message_of([] { load_recipe("no/such.yaml"); }));
  expect_in("is a folder", message_of([] { load_recipe("/"); }));
}

TEST(Recipes, TheReferenceIsUpToDate) {
  std::ifstream file(GRAPHSIEVE_SOURCE_DIR "/docs/recipes.md");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == recipe_reference()) << "run: bin/graphsieve docs recipes > docs/recipes.md";
}

}  // namespace
}  // namespace graphsieve
