// How good predictions are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/base/large_memory.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

enum class Metric { kAccuracy, kRocAuc, kMacroF1 };

/// The metric of a recipe's data.metric: "accuracy", "roc_auc", "macro_f1", or "auto", which is roc_auc for two classes
/// and for several labels per node, and accuracy for more classes. Throws Error on another name.
Metric metric_of(const std::string& name, const Labels& labels);
std::string metric_name(Metric metric);

/// Predicted probabilities, row-major: one row of `classes` numbers per node (softmax of classes, or sigmoid per label),
/// one row that stands for all nodes, or rows of some nodes.
struct Probabilities {
  int64_t classes = 0;
  LargeVector<float> value;
  LargeVector<int32_t> row_of_node = {};  ///< filled where only some nodes have rows: the node's row, −1 for none
  const float* row(int64_t node) const {
    if (!row_of_node.empty()) return value.data() + row_of_node[node] * classes;
    return value.data() + (static_cast<int64_t>(value.size()) > classes ? node * classes : 0);
  }
  /// The most probable class of a node; of several equal ones the first.
  int32_t best(int64_t node) const;
};

/// The metric over `nodes`. ROC AUC is the exact Mann-Whitney statistic, in which ties count half. For more than two
/// classes it is the mean of one class against the rest; for several labels the mean over labels that have both values.
/// NaN where the metric is not defined (a single class). Accuracy and F1 of several labels cut probabilities at 0.5.
double evaluate(Metric metric, const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes);

/// True if validation value `a` is better than `b`. An undefined value (NaN) is never better.
bool better(double a, double b);

/// Area under the ROC curve of scores against 0/1 targets; NaN if one kind is missing.
double roc_auc(const std::vector<float>& score, const std::vector<uint8_t>& positive);

struct ClassFigures {
  int64_t support = 0;
  double precision = 0, recall = 0, f1 = 0;
};
/// One entry per class (or label).
std::vector<ClassFigures> per_class(const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes);

}  // namespace graphsieve
