// SPDX-License-Identifier: Apache-2.0
// How to repeat a run: the differences from the published recipe, and the command.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Returns an object with `published`, the name of the recipe (or "default" if there is no published recipe of that
/// name), and `changes`, a list of `key`, `value` and `published`, each as it is written in YAML.
nlohmann::json recipe_changes(const Recipe& recipe);

/// Returns the command that makes such a run, as words of a shell: published recipe and settings, split and seed.
std::string command_to_repeat(const nlohmann::json& result, const nlohmann::json& changes);

/// Returns the text as a word of a POSIX shell, in quotes if necessary.
std::string shell_word(const std::string& text);

}  // namespace graphsieve
