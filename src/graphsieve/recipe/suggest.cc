// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/suggest.h"

#include <algorithm>
#include <cstdlib>

namespace graphsieve {

int edit_distance(std::string_view a, std::string_view b) {
  const size_t columns = b.size() + 1;
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(columns, 0));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 200) return "";  // the distance takes quadratic time
  const int most = std::max(1, static_cast<int>(word.size()) / 3);
  int least = most + 1;
  std::string best;
  for (const std::string& candidate : candidates) {
    // Words of different lengths are at least as far apart as their lengths.
    if (std::abs(static_cast<int>(word.size()) - static_cast<int>(candidate.size())) >= least) continue;
    const int distance = edit_distance(word, candidate);
    if (distance < least) least = distance, best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  return best.empty() ? "" : "; did you mean " + best + "?";
}

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string quoted_words(const std::vector<std::string>& words) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < std::min(words.size(), kShown); ++i) text += (i > 0 ? ", '" : "'") + words[i] + "'";
  return words.size() > kShown ? text + " and " + std::to_string(words.size() - kShown) + " more" : text;
}

}  // namespace graphsieve
