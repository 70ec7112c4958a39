// SPDX-License-Identifier: Apache-2.0
// The metrics that a recipe can name (data.metric), which choose the best epoch and are shown for every run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// A metric. The values are those of scikit-learn's function of that name (f1: f1_score of the positive class;
/// macro_f1: f1_score(average="macro"); average_precision and roc_auc: the mean over the classes or labels).
struct Metric {
  std::string name;              ///< as in a recipe, such as "roc_auc" or "precision_at_100"
  bool larger_is_better = true;  ///< false for losses and errors
  bool in_percent = true;        ///< the value is a share from 0 to 1 (an area, too), shown in percent
  int64_t k = 0;                 ///< K of precision_at_K; otherwise 0

  /// True if the value `a` is better than `b`. An undefined value (NaN) is never better, and every defined value is
  /// better than an undefined one.
  bool better(double a, double b) const;
};

/// Returns the metric of that name. Throws Error, naming all metrics, if there is none.
GRAPHSIEVE_API Metric metric_named(const std::string& name);

/// Returns the names of all metrics; one of them is "precision_at_K", where K stands for a whole number from 1.
std::vector<std::string> metric_names();

/// Returns a value of the metric for people: "75.88 %", or "0.6913" for a metric that is no share; "–" for NaN.
GRAPHSIEVE_API std::string shown_metric(const Metric& metric, double value);

}  // namespace graphsieve
