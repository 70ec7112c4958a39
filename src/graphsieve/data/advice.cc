// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/option.h"
#include "graphsieve/data/features.h"

namespace graphsieve {
namespace {

constexpr double kRareClass = 0.2;     // share of the labelled nodes below which a class of two is rare
constexpr double kUnevenClasses = 20;  // ratio of the largest class to the smallest
constexpr double kHeavyTail = 50;      // ratio of the degree that 0.1 % of the nodes exceed to the median
constexpr double kNoHomophily = 0.05;  // least share of equal labels beyond chance
constexpr double kFewReturn = 0.5;     // share of edges whose reverse is listed too

}  // namespace

std::vector<std::string> advice(const GraphReport& r, const DataRecipe& data, const GraphRecipe& graph) {
  std::vector<std::string> to;
  if (r.scale_ratio > kScaleRatio && data.features == "as_found")
    to.push_back(fmt::format("the features' scales differ by a factor of {:.2g}: data.features=standardised helps",
                             r.scale_ratio));
  std::vector<int64_t> counts;
  for (const int64_t count : r.class_counts)
    if (count > 0) counts.push_back(count);
  if (r.label_kind == LabelKind::kClasses && counts.size() >= 2) {
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    const double share = static_cast<double>(*least) / static_cast<double>(*least + *most);
    if (counts.size() == 2 && share < kRareClass && data.metric == "auto")
      to.push_back(
          fmt::format("one class has {:.2g} % of the labelled nodes: data.metric=average_precision measures how "
                      "well it is found, and data.threshold=f1 decides for it",
                      100 * share));
    if (counts.size() > 2 && static_cast<double>(*most) > kUnevenClasses * static_cast<double>(*least) &&
        data.class_weights == "none" && data.metric == "auto")
      to.push_back(
          fmt::format("the largest class has {} nodes, the smallest {}: data.metric=macro_f1 counts all classes "
                      "alike, and data.class_weights=balanced gives them equal weight in training",
                      *most, *least));
  }
  const double median = static_cast<double>(std::max<int64_t>(1, r.degrees[2]));
  if (static_cast<double>(r.degrees[5]) > kHeavyTail * median && !r.has_degree_features)
    to.push_back(
        fmt::format("half of the nodes have at most {} edges, one in a thousand more than {}: degrees as features "
                    "({}, for tables) let the network see the difference",
                    r.degrees[2], r.degrees[5], option("degree_features")));
  const bool unlike = std::isfinite(r.homophily) && r.homophily < r.chance_homophily + kNoHomophily;
  if (unlike && !r.directed && !graph.directed && r.returned_share < kFewReturn)
    to.push_back(
        fmt::format("edges join equal labels no more often than by chance, and {:.2g} % of them are listed in one "
                    "direction alone: graph.directed=true keeps the directions, which may tell more",
                    100 * (1 - r.returned_share)));
  return to;
}

}  // namespace graphsieve
