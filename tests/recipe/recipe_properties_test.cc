// SPDX-License-Identifier: Apache-2.0
// Any recipe is written and read back bit for bit, and no key is taken that is not in the table.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "messages.h"

namespace graphsieve {
namespace {

/// UTF-8 of a code point.
std::string utf8(uint32_t c) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 63))};
  if (c < 0x10000) return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
  return {byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
}

rc::Gen<std::string> any_text() {
  const auto letter = rc::gen::oneOf(rc::gen::inRange<uint32_t>(0, 128), rc::gen::inRange<uint32_t>(128, 0xd800),
                                     rc::gen::inRange<uint32_t>(0xe000, 0x110000),
                                     rc::gen::element<uint32_t>('"', '\\', '\n', ':', '#', 0x85, 0xa0, 0x2028, 0xfeff));
  return rc::gen::map(rc::gen::container<std::vector<uint32_t>>(letter), [](const std::vector<uint32_t>& letters) {
    std::string text;
    for (const uint32_t c : letters) text += utf8(c);
    return text;
  });
}

/// Any double that is a number.
rc::Gen<double> any_number() {
  return rc::gen::suchThat(
      rc::gen::map(rc::gen::arbitrary<uint64_t>(), [](uint64_t bits) { return std::bit_cast<double>(bits); }),
      [](double x) { return std::isfinite(x); });
}

RecipeValue any_value(const RecipeKey& key) {
  RecipeValue value = key.default_value();
  if (auto* text = std::get_if<std::string>(&value))
    *text = key.words.empty() ? *any_text() : *rc::gen::elementOf(key.words);
  if (auto* flag = std::get_if<bool>(&value)) *flag = *rc::gen::arbitrary<bool>();
  if (auto* whole = std::get_if<int64_t>(&value)) *whole = *rc::gen::arbitrary<int64_t>();
  if (auto* number = std::get_if<double>(&value)) *number = *any_number();
  if (auto* list = std::get_if<std::vector<int64_t>>(&value)) *list = *rc::gen::arbitrary<std::vector<int64_t>>();
  return value;
}

RC_GTEST_PROP(RecipeProperty, IsWrittenAndReadBack, ()) {
  Recipe recipe;
  std::vector<RecipeValue> values;
  for (const RecipeKey& key : recipe_keys()) key.set(recipe, values.emplace_back(any_value(key)));
  const Recipe back = parse_recipe(to_yaml(recipe), "x.yaml");
  for (size_t i = 0; i < values.size(); ++i) RC_ASSERT(recipe_keys()[i].get(back) == values[i]);
  RC_ASSERT(to_yaml(back) == to_yaml(recipe));
}

RC_GTEST_PROP(RecipeProperty, EachSettingIsTaken, ()) {
  const RecipeKey& key = recipe_keys()[*rc::gen::inRange<size_t>(0, recipe_keys().size())];
  Recipe recipe;
  const RecipeValue value = any_value(key);
  key.set(recipe, value);
  const std::string yaml = to_yaml(recipe);
  const std::string name = "  " + key.name.substr(key.name.find('.') + 1) + ": ";
  if (key.name.find('.') == std::string::npos || key.name == "network.k")
    return;  // texts; and what sets another key, too
  const size_t group = yaml.find(str("\n", key.name.substr(0, key.name.find('.')), ":\n"));
  const size_t at = yaml.find(str("\n", name), group + 1) + 1 + name.size();
  Recipe set;
  apply_setting(set, key.name + "=" + yaml.substr(at, yaml.find('\n', at) - at));
  RC_ASSERT(to_yaml(set) == yaml);
}

RC_GTEST_PROP(RecipeProperty, UnknownKeysAreRefused, ()) {
  std::string name = recipe_keys()[*rc::gen::inRange<size_t>(0, recipe_keys().size())].name;
  const auto letter = rc::gen::inRange('a', static_cast<char>('z' + 1));
  const size_t at = *rc::gen::inRange<size_t>(0, name.size());
  if (*rc::gen::arbitrary<bool>())
    name[at] = *letter;
  else
    name.insert(at, 1, *letter);
  const bool unknown = find_recipe_key(name) == nullptr && name != "extends";
  RC_PRE(unknown);
  const auto refused = [&](const std::string& yaml) { return message_of([&] { parse_recipe(yaml, "x.yaml"); }); };
  RC_ASSERT(refused(name + ": 1\n").find("unknown key " + name) != std::string::npos);
  Recipe recipe;
  const std::string message = message_of([&] { apply_setting(recipe, name + "=1"); });
  RC_ASSERT(message.find("unknown key " + name) != std::string::npos);
}

}  // namespace
}  // namespace graphsieve
