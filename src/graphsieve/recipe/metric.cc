// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/metric.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr const char* kPrecisionAt = "precision_at_";

struct Known {
  const char* name;
  bool larger_is_better, in_percent;
};

constexpr Known kMetrics[] = {{"accuracy", true, true},
                              {"balanced_accuracy", true, true},
                              {"roc_auc", true, true},
                              {"average_precision", true, true},
                              {"macro_f1", true, true},
                              {"f1", true, true}};

}  // namespace

bool Metric::better(double a, double b) const {
  return !std::isnan(a) && (std::isnan(b) || (larger_is_better ? a > b : a < b));
}

Metric metric_named(const std::string& name) {
  for (const Known& known : kMetrics)
    if (name == known.name) return {name, known.larger_is_better, known.in_percent, 0};
  if (name.starts_with(kPrecisionAt)) {
    int64_t k = 0;
    const char *const begin = name.data() + std::string_view(kPrecisionAt).size(), *const end = name.data() + name.size();
    const auto [read, status] = std::from_chars(begin, end, k);
    if (status == std::errc() && read == end && k >= 1) return {name, true, true, k};
  }
  throw Error("data.metric is '", name, "', expected auto, ", join_words(metric_names()),
              did_you_mean(name, metric_names()));
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Known& known : kMetrics) names.emplace_back(known.name);
  names.push_back(std::string(kPrecisionAt) + "K");
  return names;
}

std::string shown_metric(const Metric& metric, double value) {
  if (std::isnan(value)) return "–";
  return metric.in_percent ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.4g}", value);
}

}  // namespace graphsieve
