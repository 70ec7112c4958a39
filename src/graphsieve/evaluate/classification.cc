// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr int64_t kListedColumns = 10;  // most classes in a message

/// Returns the value, or 0 if it is not defined.
double or_zero(double value) { return std::isnan(value) ? 0 : value; }

}  // namespace

int64_t largest(const float* p, int64_t columns) { return std::max_element(p, p + columns) - p; }

ClassificationTask::ClassificationTask(const Dataset& data, const DataRecipe& recipe, const std::string& metric)
    : Task(data, metric_named(metric)) {
  if (recipe.positive_class != "auto") {
    for (int64_t c = 0; c < columns_; ++c)
      if (column_name(c) == recipe.positive_class) positive_ = c, positive_is_named_ = true;
    if (positive_ < 0) {
      std::vector<std::string> names;
      for (int64_t c = 0; c < std::min(columns_, kListedColumns); ++c) names.push_back(column_name(c));
      throw Error("data.positive_class is '", recipe.positive_class, "', expected auto or one of the classes of ",
                  data.source, ": ", join_words(names), columns_ > kListedColumns ? ", …" : "");
    }
  }
  if (metric_.name == "f1" && columns_ > 2 && !positive_is_named_)
    throw Error("data.metric is f1, and there are ", columns_, " classes or labels; expected macro_f1, or data.positive_class=NAME");
}

std::vector<int64_t> ClassificationTask::scored_columns() const {
  if (positive_ >= 0) return {positive_};
  std::vector<int64_t> columns(columns_);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

double ClassificationTask::evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const {
  if (metric_.name == "roc_auc") return mean_of(p, nodes, [](const ScoredNodes& one) { return roc_auc(one); });
  if (metric_.name == "average_precision")
    return mean_of(p, nodes, [](const ScoredNodes& one) { return average_precision(one); });
  if (metric_.k > 0) return mean_of(p, nodes, [this](const ScoredNodes& one) { return precision_at(one, metric_.k); });
  const Decisions decisions = decide(p, nodes);
  if (metric_.name == "accuracy") return decisions.accuracy();
  if (metric_.name == "balanced_accuracy") return decisions.balanced_accuracy();
  if (metric_.name == "f1") return or_zero(decisions.by_output[std::max<int64_t>(positive_, 0)].f1());
  return decisions.macro_f1();
}

std::vector<ClassFigures> ClassificationTask::per_class(const Predictions& p, const std::vector<int32_t>& nodes) const {
  std::vector<ClassFigures> figures;
  for (const DecisionCounts& c : decide(p, nodes).by_output)
    figures.push_back({c.support, or_zero(c.precision()), or_zero(c.recall()), or_zero(c.f1())});
  return figures;
}

std::vector<std::string> ClassificationTask::file_columns() const {
  std::vector<std::string> names = {"label", "predicted"};
  // With very many classes, there is one column for the probability of the predicted class only.
  if (!has_probability_columns()) names.emplace_back("probability");
  for (int64_t c = 0; has_probability_columns() && c < columns_; ++c) names.push_back("p_" + column_name(c));
  return names;
}

void ClassificationTask::append_cells(int64_t node, const float* p, std::string& line) const {
  line += ',';
  append_label(node, line);
  line += ',';
  append_prediction(p, line);
  const auto out = std::back_inserter(line);
  if (!has_probability_columns()) fmt::format_to(out, ",{}", p[largest(p, columns_)]);
  for (int64_t c = 0; has_probability_columns() && c < columns_; ++c) fmt::format_to(out, ",{}", p[c]);
}

}  // namespace graphsieve
