// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

/// Returns the value, or 0 if it is not defined.
double or_zero(double value) { return std::isnan(value) ? 0 : value; }

}  // namespace

int64_t largest(const float* p, int64_t columns) { return std::max_element(p, p + columns) - p; }

ClassificationTask::ClassificationTask(const Dataset& data, std::string metric) : Task(data, std::move(metric)) {
  if (metric_ != "accuracy" && metric_ != "roc_auc" && metric_ != "macro_f1")
    throw Error("data.metric is '", metric_, "', expected auto, accuracy, roc_auc or macro_f1");
}

double ClassificationTask::roc_auc_of(const Predictions& p, const std::vector<int32_t>& nodes) const {
  // The columns are independent of each other, so their areas are computed in parallel. Columns without positive or
  // without negative nodes have no area and do not count in the mean.
  std::vector<double> areas(columns_, std::numeric_limits<double>::quiet_NaN());
  parallel_for(columns_ - first_scored(),
               [&](int64_t c) { areas[first_scored() + c] = roc_auc(scored(p, nodes, first_scored() + c)); });
  double sum = 0, defined = 0;
  for (const double area : areas)
    if (!std::isnan(area)) sum += area, ++defined;
  return ratio(sum, defined);
}

double ClassificationTask::evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const {
  if (metric_ == "roc_auc") return roc_auc_of(p, nodes);
  const Decisions decisions = decide(p, nodes);
  return metric_ == "accuracy" ? decisions.accuracy() : decisions.macro_f1();
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
