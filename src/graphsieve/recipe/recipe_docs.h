// The recipe reference, made from the table of keys and the embedded recipes.
#pragma once

#include <string>

namespace graphsieve {

/// The text of docs/recipes.md.
std::string recipe_reference();

}  // namespace graphsieve
