// SPDX-License-Identifier: Apache-2.0
// Figures of decisions and of scores, without knowing what they were made for.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace graphsieve {

/// True if validation value `a` is better than `b`. An undefined value (NaN) is never better.
bool better(double a, double b);

/// a / b; NaN if b is 0.
double ratio(double a, double b);

/// Decisions on one class (or label): how many nodes have it, how many were predicted to have it, and how many of the
/// latter rightly.
struct DecisionCounts {
  int64_t support = 0, predicted = 0, correct = 0;
  double precision() const { return ratio(static_cast<double>(correct), static_cast<double>(predicted)); }
  double recall() const { return ratio(static_cast<double>(correct), static_cast<double>(support)); }
  /// 2·correct / (predicted + support); NaN if both are 0.
  double f1() const { return ratio(2 * static_cast<double>(correct), static_cast<double>(predicted + support)); }
};

constexpr double kLeastProbability = 1e-12;  ///< in the log loss, so that a wrong 0 does not make it infinite

/// Decisions on all classes (or labels) of some nodes.
struct Decisions {
  int64_t all = 0, right = 0;
  double log_loss =
      0;  ///< sum of −ln p over the decisions, p the probability of what is true (at least kLeastProbability)
  std::vector<DecisionCounts> by_output;

  double accuracy() const { return ratio(static_cast<double>(right), static_cast<double>(all)); }
  /// Mean F1 of the classes (or labels) that nodes have or were predicted to have; NaN if there is none.
  double macro_f1() const;
};

/// Scores of nodes, and whether each node is positive (has the class or label).
struct ScoredNodes {
  std::vector<float> score;
  std::vector<uint8_t> positive;
};

/// Area under the ROC curve: the exact Mann-Whitney statistic, in which ties count half. NaN if one kind is missing.
double roc_auc(const ScoredNodes& nodes);

/// ROC and precision-recall curves from the largest score to the smallest; nodes of equal scores are taken together.
struct ScoreCurves {
  int64_t positives = 0, negatives = 0;
  double roc_auc = 0, average_precision = 0;                ///< NaN if one kind is missing
  std::vector<std::pair<double, double>> roc;               ///< (false positive rate, true positive rate)
  std::vector<std::pair<double, double>> precision_recall;  ///< (recall, precision)
};

/// The areas are exact. The curves are thinned out: each point moves by at least 0.01 along one axis.
ScoreCurves score_curves(const ScoredNodes& nodes);

}  // namespace graphsieve
