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

constexpr bool kLarger = true, kSmaller = false, kNumbers = true, kClasses = false, kPercent = true, kOwnUnit = false;

const Metric kMetrics[] = {
    {"accuracy", kLarger, kClasses, kPercent},  {"balanced_accuracy", kLarger, kClasses, kPercent},
    {"roc_auc", kLarger, kClasses, kPercent},   {"average_precision", kLarger, kClasses, kPercent},
    {"macro_f1", kLarger, kClasses, kPercent},  {"f1", kLarger, kClasses, kPercent},
    {"log_loss", kSmaller, kClasses, kOwnUnit}, {"rmse", kSmaller, kNumbers, kOwnUnit},
    {"mae", kSmaller, kNumbers, kOwnUnit},      {"r2", kLarger, kNumbers, kOwnUnit}};

}  // namespace

bool Metric::better(double a, double b) const {
  return !std::isnan(a) && (std::isnan(b) || (larger_is_better ? a > b : a < b));
}

Metric metric_named(const std::string& name) {
  for (const Metric& known : kMetrics)
    if (name == known.name) return known;
  if (name.starts_with(kPrecisionAt)) {
    int64_t k = 0;
    const char *const begin = name.data() + std::string_view(kPrecisionAt).size(), *const end =
                                                                                       name.data() + name.size();
    const auto [read, status] = std::from_chars(begin, end, k);
    if (status == std::errc() && read == end && k >= 1) return {.name = name, .k = k};
  }
  throw Error("data.metric is '", name, "', expected auto, ", join_words(metric_names()),
              did_you_mean(name, metric_names()));
}

Metric metric_or_share(const std::string& name) {
  for (const Metric& known : kMetrics)
    if (name == known.name) return known;
  return {.name = name};
}

ThresholdRule threshold_rule(const std::string& text) {
  using Kind = ThresholdRule::Kind;
  if (text == "auto") return {};
  if (text == "f1") return {.kind = Kind::kF1};
  if (text == "youden") return {.kind = Kind::kYouden};
  ThresholdRule rule{.kind = Kind::kNumber};
  const auto [read, status] = std::from_chars(text.data(), text.data() + text.size(), rule.number);
  if (status != std::errc() || read != text.data() + text.size() || !(rule.number >= 0 && rule.number <= 1))
    throw Error("data.threshold is '", text, "', expected auto, f1, youden or a number from 0 to 1");
  return rule;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& known : kMetrics) names.push_back(known.name);
  names.push_back(std::string(kPrecisionAt) + "K");
  return names;
}

std::string metric_number(const Metric& metric, double value) {
  if (std::isnan(value)) return "-";
  return metric.in_percent ? fmt::format("{:.2f}", 100 * value) : fmt::format("{:.4g}", value);
}

std::string metric_with_unit(const Metric& metric) { return metric.name + (metric.in_percent ? " in percent" : ""); }

}  // namespace graphsieve
