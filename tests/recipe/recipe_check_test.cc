// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_check.h"

#include <gtest/gtest.h>

#include "graphsieve/recipe/recipe_io.h"
#include "messages.h"

namespace graphsieve {
namespace {

Recipe with(const std::vector<std::string>& settings) {
  Recipe recipe;
  for (const std::string& setting : settings) apply_setting(recipe, setting);
  resolve_recipe(recipe);
  return recipe;
}

std::string refusal(const std::vector<std::string>& settings) {
  const Recipe recipe = with(settings);
  return message_of([&] { check_recipe(recipe); });
}

TEST(RecipeCheck, TheDefaultsPass) {
  const Recipe defaults;
  check_recipe(defaults);
}

TEST(RecipeCheck, ASingleKIsForAllLayers) {
  const Recipe recipe = with({"network.k=7", "network.layers=3"});
  EXPECT_EQ(recipe.network.k, (std::vector<int64_t>{7, 7, 7}));
  check_recipe(recipe);
  EXPECT_EQ(with({"network.layers=1000000000000", "network.k=7"}).network.k.size(), 1u);
}

TEST(RecipeCheck, NumbersOutOfRange) {
  expect_in("network.width is 0; expected a whole number in [1, 16384]", refusal({"network.width=0"}));
  expect_in("network.dropout is 1; expected a number in [0, 1)", refusal({"network.dropout=1"}));
  expect_in("network.dropout is -0.1", refusal({"network.dropout=-0.1"}));
  expect_in("network.lr is 0; expected a number above 0", refusal({"network.lr=0"}));
  expect_in("network.k is [0, 0, 0, 0]", refusal({"network.k=[0,0,0,0]"}));
  expect_in("network.k is [5, 5, -1, 5]", refusal({"network.k=[5,5,-1,5]"}));
  expect_in("network.k is []", refusal({"network.k=[]"}));
  expect_in("estimator.epochs is 0", refusal({"estimator.epochs=0"}));
  expect_in("estimator.temperature_rate is 1.01", refusal({"estimator.temperature_rate=1.01"}));
  expect_in("data.train_fraction is 0", refusal({"data.train_fraction=0"}));
  expect_in("graph.expander_degree is 0", refusal({"graph.expander_degree=0"}));
}

TEST(RecipeCheck, UnknownWords) {
  expect_in("model is 'plian'; expected one of exphormer, plain, spexphormer; did you mean plain?",
            refusal({"model=plian"}));
  expect_in("network.sampler is 'best'", refusal({"network.sampler=best"}));
  expect_in("data.metric is 'f2'", refusal({"data.metric=f2"}));
  expect_in("data.threshold is '1.5', expected auto, f1, youden or a number", refusal({"data.threshold=1.5"}));
}

TEST(RecipeCheck, ValuesThatDoNotFitTogether) {
  expect_in("multiple of heads", refusal({"network.width=30", "network.heads=4"}));
  expect_in("network.k is [1, 2], network.layers is 4", refusal({"network.k=[1,2]"}));
  expect_in("estimator.layers is 4", refusal({"network.layers=5", "network.k=3"}));
  expect_in("rest being test nodes", refusal({"data.train_fraction=0.6", "data.val_fraction=0.5"}));
  expect_in("data.validation is none", refusal({"data.validation=none", "data.threshold=f1"}));
  expect_in("data.validation is none", refusal({"data.validation=none", "data.calibration=temperature"}));
  expect_in("expected one to be true",
            refusal({"graph.graph_edges=false", "graph.expander_edges=false", "graph.self_loops=false"}));
}

TEST(RecipeCheck, NetworksWithoutAnEstimatorNeedNoK) {
  check_recipe(with({"model=plain", "network.layers=6"}));
  check_recipe(with({"model=exphormer", "network.layers=6"}));
}

TEST(RecipeCheck, EpsilonIsForNetworksThatDraw) {
  check_recipe(with({"network.epsilon=0.1"}));
  expect_in("network.epsilon is 1; expected a number in [0, 1)", refusal({"network.epsilon=1"}));
  expect_in("network.epsilon is -0.1", refusal({"network.epsilon=-0.1"}));
  expect_in("network.epsilon_of is 'max'", refusal({"network.epsilon_of=max"}));
  expect_in("model is plain, which draws no edges", refusal({"network.epsilon=0.1", "model=plain"}));
  EXPECT_EQ(with({"network.epsilon=0.1", "network.k=5"}).network.epsilon, 0);
  EXPECT_EQ(with({"network.k=5", "network.epsilon=0.1"}).network.epsilon, 0.1);
}

}  // namespace
}  // namespace graphsieve
