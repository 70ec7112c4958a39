// SPDX-License-Identifier: Apache-2.0
// The reference of recipes, generated from the table of keys and the embedded recipes.
#pragma once

#include <string>

namespace graphsieve {

/// Returns the text of docs/recipes.md.
std::string recipe_reference();

}  // namespace graphsieve
