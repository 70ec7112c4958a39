// SPDX-License-Identifier: Apache-2.0
// The table of a recipe's keys. Reading, --set, writing, checking and the reference all use it. A new key needs a
// member of the structs in recipe.h and one row in recipe_keys.cc.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The value of a key: a text or word, true or false, a whole number, a number, or a list of whole numbers.
using RecipeValue = std::variant<std::string, bool, int64_t, double, std::vector<int64_t>>;

/// A range of numbers. `low_open` and `high_open` exclude the bounds.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
  /// True if the value is finite and in the range.
  bool holds(double value) const;
  std::string text() const;  ///< "at least 1", "in [0, 1)", "" if unbounded
};

/// One key of a recipe.
struct RecipeKey {
  std::string name;  ///< path of the member: "network.width"
  RecipeValue (*get)(const Recipe&);
  void (*set)(Recipe&, const RecipeValue&);  ///< the value must have the type that `get` returns
  Range range;                               ///< allowed range of a number, or of each number of a list
  std::vector<std::string> words;            ///< allowed words; empty: any text
  std::string help;                          ///< description in one line

  RecipeValue default_value() const;  ///< value in a recipe that does not set the key
  std::string type() const;           ///< "a whole number", for messages and the reference
  std::string allowed() const;        ///< "graph, batch, none", "at least 1"; "" if anything of the type
};

/// Returns all keys in the order in which they are written.
const std::vector<RecipeKey>& recipe_keys();

/// Returns the key of that name, or null.
const RecipeKey* find_recipe_key(std::string_view name);

/// Returns "; did you mean network.width?" for an unknown name, or "" if no name is near. A name without its group is
/// recognised too.
std::string suggest_recipe_key(const std::string& name);

}  // namespace graphsieve
