// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_io.h"

#include <gtest/gtest.h>

#include <set>

#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/recipe/suggest.h"
#include "messages.h"

namespace graphsieve {
namespace {

std::string message_of_setting(const std::string& setting) {
  return message_of([&] {
    Recipe recipe;
    apply_setting(recipe, setting);
  });
}

std::string message_of_yaml(const std::string& yaml) {
  return message_of([&] { parse_recipe(yaml, "my.yaml"); });
}

TEST(RecipeKeys, NamesAreUniqueAndSettersMatchGetters) {
  std::set<std::string> names;
  for (const RecipeKey& key : recipe_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    Recipe recipe;
    key.set(recipe, key.get(recipe));
    EXPECT_EQ(key.get(recipe), key.default_value()) << key.name;
  }
}

TEST(RecipeIo, EachKeyIsWrittenAndReadBack) {
  for (const RecipeKey& key : recipe_keys()) {
    RecipeValue changed = key.default_value();
    if (auto* text = std::get_if<std::string>(&changed))
      *text = key.words.empty() ? "a \"b\"\\\n: #" : key.words.back();
    if (auto* flag = std::get_if<bool>(&changed)) *flag = !*flag;
    if (auto* whole = std::get_if<int64_t>(&changed)) *whole = 7;
    if (auto* number = std::get_if<double>(&changed)) *number = 0.1 + 0.2;  // no short decimal
    if (auto* list = std::get_if<std::vector<int64_t>>(&changed)) *list = {3, 1, 4};
    Recipe recipe;
    key.set(recipe, changed);
    const std::string yaml = to_yaml(recipe);
    const Recipe back = parse_recipe(yaml, "x.yaml");
    EXPECT_EQ(key.get(back), changed) << key.name;
    EXPECT_EQ(to_yaml(back), yaml);
  }
}

TEST(RecipeIo, NumbersKeepEveryBit) {
  for (const double value : {1e-300, 5e-324, 1.0 / 3, 123456789.123456789, 1.7976931348623157e308, 1e22}) {
    Recipe recipe;
    recipe.network.lr = value;
    EXPECT_EQ(parse_recipe(to_yaml(recipe), "x").network.lr, value);
  }
}

TEST(RecipeIo, ReadsGroupsDottedKeysAndLists) {
  const Recipe recipe =
      parse_recipe("network: {k: 12-5-5-5, lr: .01}\nestimator.width: 8\ngraph:\n  directed: true\n", "a/my.yaml");
  EXPECT_EQ(recipe.network.k, (std::vector<int64_t>{12, 5, 5, 5}));
  EXPECT_EQ(recipe.network.lr, 0.01);
  EXPECT_EQ(recipe.estimator.width, 8);
  EXPECT_TRUE(recipe.graph.directed);
  EXPECT_EQ(recipe.name, "my");
}

TEST(RecipeIo, ExtendsWhereverItStands) {
  const Recipe recipe = parse_recipe("network: {width: 16}\nextends: minesweeper\n", "my.yaml");
  EXPECT_EQ(recipe.network.width, 16);
  EXPECT_EQ(recipe.network.epochs, 80);
  EXPECT_EQ(recipe.name, "my");
  expect_in("did you mean minesweeper?", message_of_yaml("extends: minesweper\n"));
}

TEST(RecipeIo, SettingsTakeEveryFormOfAList) {
  for (const char* text :
       {"network.k=[12,5,5,5]", "network.k=[12, 5, 5, 5]", "network.k=12-5-5-5", "network.k=12,5,5,5"}) {
    Recipe recipe;
    apply_setting(recipe, text);
    EXPECT_EQ(recipe.network.k, (std::vector<int64_t>{12, 5, 5, 5})) << text;
  }
  Recipe recipe;
  apply_setting(recipe, "network.k=7");
  EXPECT_EQ(recipe.network.k, (std::vector<int64_t>{7}));
}

TEST(RecipeIo, UnknownKeysGetASuggestion) {
  expect_in("did you mean network.width?", message_of_setting("network.widht=8"));
  expect_in("did you mean estimator.width or network.width?", message_of_setting("width=8"));
  expect_in("group of keys: network.epochs", message_of_setting("network=8"));
  expect_in("unknown key flavour", message_of_setting("flavour=8"));
  expect_in("my.yaml:2: unknown key network.widht; did you mean network.width?",
            message_of_yaml("model: plain\nnetwork.widht: 3\n"));
  expect_in("my.yaml:2: unknown key netwrok.width", message_of_yaml("netwrok:\n  width: 3\n"));
}

TEST(RecipeIo, KeysOfEarlierVersionsMayHaveTheValueThatChangedNothing) {
  parse_recipe("model: plain\nnetwork: {gate: none, read_out: last, width: 8}\n", "my.yaml");
  expect_in("my.yaml:2: network.gate was a key of an earlier version and is gone; expected it to be left out, or none",
            message_of_yaml("model: plain\nnetwork: {gate: product}\n"));
  expect_in("unknown key network.gate", message_of_setting("network.gate=none"));
}

TEST(RecipeIo, WrongTypesNameKeyValueAndType) {
  expect_in("network.width: expected a whole number, found 'wide'", message_of_setting("network.width=wide"));
  expect_in("found '1.5'", message_of_setting("network.width=1.5"));
  expect_in("found '99999999999999999999'", message_of_setting("network.width=99999999999999999999"));
  expect_in("found nothing", message_of_setting("network.width="));
  expect_in("expected a number, found 'nan'", message_of_setting("network.lr=nan"));
  expect_in("expected a number, found '.inf'", message_of_setting("network.lr=.inf"));
  expect_in("expected true or false, found 'maybe'", message_of_setting("graph.directed=maybe"));
  expect_in("expected a list of whole numbers, found '12-x'", message_of_setting("network.k=12-x"));
  expect_in("expected a list of whole numbers, found '12-'", message_of_setting("network.k=12-"));
  expect_in("expected a word (exphormer, plain, spexphormer)", message_of_setting("model=[plain]"));
  expect_in("my.yaml:2: network.width: expected a whole number", message_of_yaml("network:\n  width: {a: 1}\n"));
}

TEST(RecipeIo, BrokenTextIsAnError) {
  expect_in("key=value", message_of_setting("network.width"));
  expect_in("key=value", message_of_setting("=3"));
  expect_in("not YAML", message_of_setting("network.k=[1,2"));
  expect_in("my.yaml:", message_of_yaml("network: [1, 2\n"));
  expect_in("map of keys", message_of_yaml("just text"));
  expect_in("map of keys", message_of_yaml(""));
  expect_in("twice", message_of_yaml("network.width: 3\nnetwork: {width: 4}\n"));
  expect_in("my.yaml:1: expected a key", message_of_yaml("[1, 2]: 3\n"));
}

TEST(RecipeIo, HostileYamlIsAnError) {
  std::string deep, laughs = "a0: &a0 [1, 1]\n";
  for (int i = 0; i < 5000; ++i) deep += "[";
  for (int i = 1; i < 40; ++i) laughs += str("a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, ", *a", i - 1, "]\n");
  expect_in("my.yaml:2: an alias stands inside the value that it refers to",
            message_of_yaml("network: &n\n  self: *n\n"));
  expect_in("an alias stands inside", message_of_yaml("&n\n*n : 3\nmodel: [*n]\n"));
  expect_in("nest more than 16 deep", message_of_yaml("model: " + deep));
  expect_in("nest more than 16 deep", message_of_setting("network.k=" + deep));
  expect_in("holds more than 10000 values", message_of_yaml(laughs));
  expect_in("my.yaml:2: a second document begins", message_of_yaml("model: plain\n---\nmodel: plain\n"));
  expect_in("my.yaml:1: the tag !env is unknown", message_of_yaml("name: !env HOME\n"));
  expect_in("my.yaml:1: expected a key, found nothing", message_of_yaml("~: 3\n"));
  expect_in("my.yaml:2: key extends is given twice", message_of_yaml("extends: default\nextends: minesweeper\n"));
  expect_in("my.yaml:2: key network is given twice", message_of_yaml("network: {width: 8}\nnetwork: {heads: 2}\n"));
  expect_in("my.yaml:2: not YAML: found bytes that are not UTF-8", message_of_yaml("model: plain\nname: \"\xff\"\n"));
  expect_in("not UTF-8", message_of_yaml(std::string("model: plain\0\n", 14)));
  expect_in("not UTF-8", message_of_setting("name=\xed\xa0\x80"));
}

TEST(RecipeIo, AliasesStandForTheirValues) {
  const Recipe recipe = parse_recipe("estimator.width: &w 8\nnetwork: {width: *w, lr: !!float 0.5}\n", "my.yaml");
  EXPECT_EQ(recipe.network.width, 8);
  EXPECT_EQ(recipe.network.lr, 0.5);
}

TEST(Suggest, CountsEdits) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("widht", "width"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(nearest("zzzzzz", {"width", "heads"}), "");
}

}  // namespace
}  // namespace graphsieve
