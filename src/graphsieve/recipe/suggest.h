// SPDX-License-Identifier: Apache-2.0
// Suggestions for a misspelt word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Returns the number of letters to insert, delete, replace or swap with their neighbour to turn `a` into `b`:
/// edit_distance("widht", "width") == 1. This is the restricted Damerau-Levenshtein distance.
int edit_distance(std::string_view a, std::string_view b);

/// Returns the first candidate with the smallest distance, or "" if none is near enough: at most a third of the letters
/// may differ.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Returns "; did you mean X?", or "" if no candidate is near.
GRAPHSIEVE_API std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Returns the words joined by ", ".
std::string join_words(const std::vector<std::string>& words);

/// Returns at most five of the words in quotes, and the number of the others: "'a', 'b', 'c', 'd', 'e' and 3 more".
GRAPHSIEVE_API std::string quoted_words(const std::vector<std::string>& words);

}  // namespace graphsieve
