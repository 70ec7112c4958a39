// The table of a recipe's keys. Reading, --set, writing, checking and the reference all go through it: a new key is a
// member of recipe.h's structs and one row in recipe_keys.cc.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Text or a word, true or false, a whole number, a number, a list of whole numbers.
using RecipeValue = std::variant<std::string, bool, int64_t, double, std::vector<int64_t>>;

/// Numbers between two bounds, each inside or outside the range.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
  bool holds(double value) const;
  std::string text() const;  ///< "at least 1", "in [0, 1)", "" if unbounded
};

struct RecipeKey {
  std::string name;  ///< the member's: "network.width"
  RecipeValue (*get)(const Recipe&);
  void (*set)(Recipe&, const RecipeValue&);  ///< the value is of the type that get gives
  Range range;                               ///< of a number, or of each number of a list
  std::vector<std::string> words;            ///< the words allowed; empty if any text
  std::string help;                          ///< one line

  std::string type() const;     ///< "a whole number", for messages and the reference
  std::string allowed() const;  ///< "graph, batch, none", "at least 1"; "" if anything of the type
};

/// All keys, in the order in which they are written.
const std::vector<RecipeKey>& recipe_keys();

/// The key of that name, or null.
const RecipeKey* find_recipe_key(std::string_view name);

/// "; did you mean network.width?" for an unknown name, or "" if none is near. Knows keys named without their group.
std::string suggest_recipe_key(const std::string& name);

}  // namespace graphsieve
