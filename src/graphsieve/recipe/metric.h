// SPDX-License-Identifier: Apache-2.0
// The metrics that a recipe can name (data.metric), which choose the best epoch and are shown for every run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

/// A metric. The values are those of scikit-learn's function of that name (f1: f1_score of the positive class;
/// macro_f1: f1_score(average="macro"); average_precision and roc_auc: the mean over the classes or labels).
struct Metric {
  std::string name;              ///< as in a recipe, such as "roc_auc" or "precision_at_100"
  bool larger_is_better = true;  ///< false for losses and errors
  bool of_numbers = false;       ///< of predicted numbers (rmse, mae, r2), not of classes
  bool in_percent = true;        ///< the value is a share from 0 to 1 (an area, too), shown in percent
  int64_t k = 0;                 ///< K of precision_at_K; otherwise 0

  /// True if the value `a` is better than `b`. An undefined value (NaN) is never better, and every defined value is
  /// better than an undefined one.
  bool better(double a, double b) const;
};

/// How the threshold is found from which a probability decides for the positive class or a label (data.threshold).
struct ThresholdRule {
  enum class Kind { kAuto, kF1, kYouden, kNumber };
  Kind kind = Kind::kAuto;  ///< kAuto: the more probable class; kF1, kYouden: the best value on the validation nodes
  double number = 0.5;      ///< the threshold of kNumber
  /// True if the threshold is chosen on the validation nodes.
  bool on_validation() const { return kind == Kind::kF1 || kind == Kind::kYouden; }
};

/// Returns the rule that a recipe names: auto, f1, youden, or a number from 0 to 1. Throws Error for another text.
ThresholdRule threshold_rule(const std::string& text);

/// Returns the metric of that name. Throws Error, naming all metrics, if there is none.
Metric metric_named(const std::string& name);

/// Returns the metric of that name; for a name of another version, a share of which more is better.
Metric metric_or_share(const std::string& name);

/// Returns the names of all metrics; one of them is "precision_at_K", where K stands for a whole number from 1.
std::vector<std::string> metric_names();

/// Returns a value of the metric for people, without its unit: "75.88" for a share of 0.75884, "0.6913" for a metric
/// that is no share, "-" for NaN.
std::string metric_number(const Metric& metric, double value);
/// Returns the metric's name with the unit of metric_number(): "roc_auc in percent", "log_loss".
std::string metric_with_unit(const Metric& metric);

}  // namespace graphsieve
