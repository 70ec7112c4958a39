// How good predictions are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/base/large_memory.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

enum class Metric { kAccuracy, kRocAuc, kMacroF1 };

/// "accuracy", "roc_auc", "macro_f1", or "auto": roc_auc for two classes or several labels a node, else accuracy.
Metric metric_of(const std::string& name, const Labels& labels);
std::string metric_name(Metric metric);

/// Probabilities (softmax, or one sigmoid a label), row-major: [n, classes]; or one row for all nodes; or of some nodes.
struct Probabilities {
  int64_t classes = 0;
  LargeVector<float> value;
  LargeVector<int32_t> place = {};  ///< of some nodes: the row of each of the n nodes, -1 where it has none
  const float* row(int64_t node) const {
    if (!place.empty()) return value.data() + place[node] * classes;
    return value.data() + (static_cast<int64_t>(value.size()) > classes ? node * classes : 0);
  }
  /// The most probable class, the first of equals.
  int32_t best(int64_t node) const;
};

/// The metric over `nodes`. ROC AUC is the exact Mann-Whitney statistic, ties counted half; for more than two classes the
/// mean of one-against-rest, for several labels the mean over labels with both values. NaN where it is not defined
/// (one class alone). Multi-label accuracy and F1 cut at 0.5.
double evaluate(Metric metric, const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes);

/// Is validation value a better than b? One that is not defined is the worst, and not better than another such.
bool better(double a, double b);

/// Area under the ROC curve of scores against 0/1 targets; NaN if one kind is missing.
double roc_auc(const std::vector<float>& score, const std::vector<uint8_t>& positive);

struct ClassFigures {
  int64_t support = 0;
  double precision = 0, recall = 0, f1 = 0;
};
/// One row a class (or label).
std::vector<ClassFigures> per_class(const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes);

}  // namespace graphsieve
