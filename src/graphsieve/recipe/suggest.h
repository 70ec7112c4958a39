// Suggestions for a misspelt word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// Letters to insert, delete, replace or swap with their neighbour to make `b` of `a`: edit_distance("widht", "width")
/// == 1.
int edit_distance(std::string_view a, std::string_view b);

/// The first candidate of least distance, or "" if none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean X?", or "" if no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// The words joined by ", ".
std::string join_words(const std::vector<std::string>& words);

}  // namespace graphsieve
