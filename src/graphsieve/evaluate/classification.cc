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

using Json = nlohmann::json;

constexpr int64_t kListedColumns = 10;                  // most classes in a message
constexpr double kEven = 0.5;                           // threshold where the validation nodes have one class alone
constexpr double kLeastScale = 0.01, kMostScale = 100;  // of the logits, in the search for a temperature
constexpr int kHalvings = 50;                           // of the logarithm of the scale, down to rounding

/// Returns the value, or 0 if it is not defined.
double or_zero(double value) { return std::isnan(value) ? 0 : value; }

/// Returns the scale at which a convex function is least, from its slope, by halving.
template <class Slope>
double best_scale(Slope slope) {
  double low = std::log(kLeastScale), high = std::log(kMostScale);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (slope(std::exp(middle)) > 0 ? high : low) = middle;
  }
  return std::exp((low + high) / 2);
}

/// Returns the probability of one of two outcomes after its logit is multiplied by `scale`.
double scaled_probability(double p, double scale) {
  if (scale == 1 || p <= 0 || p >= 1) return p;
  return 1 / (1 + std::exp(-scale * std::log(p / (1 - p))));
}

}  // namespace

int64_t largest(const float* p, int64_t columns) { return std::max_element(p, p + columns) - p; }

ClassificationTask::ClassificationTask(const Dataset& data, const DataRecipe& recipe, const std::string& metric,
                                       bool two_classes)
    : Task(data, recipe, metric_named(metric)),
      threshold_rule_(threshold_rule(recipe.threshold)),
      calibrated_(recipe.calibration == "temperature"),
      two_classes_(two_classes) {
  if (metric_.of_numbers)
    throw Error("data.metric is ", metric_.name, ", which is for numbers to predict; ", data.source, " has ",
                label_kind_words(labels_.kind()));
  if (recipe.positive_class != "auto") {
    named_positive_ = column_named(recipe.positive_class);
    if (named_positive_ < 0) {
      std::vector<std::string> names;
      for (int64_t c = 0; c < std::min(columns_, kListedColumns); ++c) names.push_back(column_name(c));
      throw Error("data.positive_class is '", recipe.positive_class, "', expected auto or one of the classes of ",
                  data.source, ": ", join_words(names), columns_ > kListedColumns ? ", …" : "");
    }
  }
  positive_ = named_positive_ < 0 && two_classes ? 1 : named_positive_;
  if (metric_.name == "f1" && columns_ > 2 && positive_ < 0)
    throw Error("data.metric is f1, and there are ", columns_,
                " classes or labels; expected macro_f1, or data.positive_class=NAME");
  if (threshold_rule_.kind != ThresholdRule::Kind::kAuto && columns_ > 2 && labels_.one_class())
    throw Error("data.threshold is ", recipe.threshold, ", and there are ", columns_,
                " classes, of which the most probable one is predicted; expected auto");
}

int64_t ClassificationTask::column_named(const std::string& name) const {
  for (int64_t c = 0; c < columns_; ++c)
    if (column_name(c) == name) return c;
  return -1;
}

void ClassificationTask::learn_from(const std::vector<int32_t>& train) {
  positive_ = named_positive_;
  temperature_ = 1;
  thresholds_.clear();
  if (positive_ < 0 && two_classes_) {
    std::vector<int64_t> count(columns_, 0);
    for (const int32_t node : train) add_support(node, count);
    positive_ = count[0] < count[1] ? 0 : 1;
  }
  if (threshold_rule_.kind == ThresholdRule::Kind::kNumber)
    thresholds_.assign(scored_columns().size(), threshold_rule_.number);
}

bool ClassificationTask::learns_after_training() const { return calibrated_ || threshold_rule_.on_validation(); }

void ClassificationTask::learn_after_training(const Predictions& p, const std::vector<int32_t>& val) {
  double scale = 1;
  if (calibrated_) {
    scale = best_scale([&](double x) { return log_loss_slope(p, val, x); });
    temperature_ = 1 / scale;
  }
  if (!threshold_rule_.on_validation()) return;
  thresholds_.clear();
  for (const int64_t column : scored_columns()) {
    ScoredNodes nodes = scored(p, val, column);
    // The thresholds are about the probabilities at the temperature that was just found.
    for (float& score : nodes.score) score = static_cast<float>(scaled_probability(score, scale));
    const double found = best_threshold(nodes, threshold_rule_.kind);
    thresholds_.push_back(std::isnan(found) ? kEven : found);
  }
}

double ClassificationTask::log_loss_slope(const Predictions& p, const std::vector<int32_t>& nodes, double scale) const {
  // The derivative of −log softmax(scale · z)[truth] by the scale is the mean of z under the softmax, minus z[truth].
  double slope = 0;
  each_logits(p, nodes, [&](const double* z, int64_t count, int64_t truth) {
    const double most = *std::max_element(z, z + count);
    double sum = 0, mean = 0;
    for (int64_t c = 0; c < count; ++c) {
      const double weight = std::exp(scale * (z[c] - most));
      sum += weight, mean += weight * z[c];
    }
    slope += mean / sum - z[truth];
  });
  return slope;
}

Json ClassificationTask::learned() const {
  Json to = Json::object();
  if (positive_ >= 0) to["positive_class"] = column_name(positive_);
  if (!thresholds_.empty()) to["thresholds"] = thresholds_;
  if (calibrated_) to["temperature"] = temperature_;
  return to;
}

void ClassificationTask::take_learned(const JsonObject& learned) {
  if (learned.has("positive_class")) {
    const int64_t found = column_named(learned.get<std::string>("positive_class"));
    if (found < 0) learned.refuse("positive_class", "a class of the data");
    positive_ = found;
  }
  thresholds_.clear();
  if (learned.has("thresholds")) {
    for (const Json& one : learned.at("thresholds")) {
      if (!one.is_number() || !(one >= 0 && one <= 1)) learned.refuse("thresholds", "numbers from 0 to 1");
      thresholds_.push_back(one.get<double>());
    }
    if (thresholds_.size() != scored_columns().size())
      learned.refuse("thresholds", str("a list of ", scored_columns().size()));
  }
  temperature_ = learned.has("temperature") ? learned.number_or_nan("temperature") : 1;
  if (!(temperature_ > 0)) learned.refuse("temperature", "a number above 0");
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
  if (metric_.name == "log_loss") return decisions.mean_log_loss();
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
