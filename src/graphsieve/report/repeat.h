// How a run can be repeated: what differs from the published recipe, and the command.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// `published`: the recipe's name, or "default" where there is no published recipe of that name; `changes`: a list of
/// `key`, `value` and `published`, as they stand in YAML.
nlohmann::json recipe_changes(const Recipe& recipe);

/// The command that makes such a run, in a shell's words: published recipe and settings, split and seed.
std::string command_to_repeat(const nlohmann::json& result, const nlohmann::json& changes);

/// A word for a POSIX shell, in quotes where it needs them.
std::string shell_word(const std::string& text);

}  // namespace graphsieve
