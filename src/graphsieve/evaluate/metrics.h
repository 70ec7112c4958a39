// SPDX-License-Identifier: Apache-2.0
// Figures of decisions and scores, independent of the task that they belong to.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graphsieve/recipe/metric.h"

namespace graphsieve {

/// Returns a / b, or NaN if b is 0.
double ratio(double a, double b);

/// The decisions on one class (or label): the number of nodes that have the class, of nodes that were predicted to have
/// the class, and of nodes that were correctly predicted to have the class.
struct DecisionCounts {
  int64_t support = 0, predicted = 0, correct = 0;
  double precision() const { return ratio(static_cast<double>(correct), static_cast<double>(predicted)); }
  double recall() const { return ratio(static_cast<double>(correct), static_cast<double>(support)); }
  /// Returns 2·correct / (predicted + support), or NaN if both are 0.
  double f1() const { return ratio(2 * static_cast<double>(correct), static_cast<double>(predicted + support)); }
};

constexpr double kLeastProbability = 1e-12;  ///< least probability in the log loss, which is then never infinite

/// The decisions on all classes (or labels) of some nodes.
struct Decisions {
  int64_t all = 0, right = 0;  ///< number of decisions, and of right decisions
  /// Sum of −ln p over the decisions, where p is the probability of the truth, at least kLeastProbability.
  double log_loss = 0;
  std::vector<DecisionCounts> by_output;  ///< decisions by class (or label)

  double mean_log_loss() const { return ratio(log_loss, static_cast<double>(all)); }
  double accuracy() const { return ratio(static_cast<double>(right), static_cast<double>(all)); }
  /// Returns the mean recall of the classes (or labels) that nodes have; NaN if there is none.
  double balanced_accuracy() const;
  /// Returns the mean F1 of the classes (or labels) that nodes have or were predicted to have; NaN if there is none.
  double macro_f1() const;
};

/// The scores of nodes, and for each node whether it is positive, that is, has the class or label.
struct ScoredNodes {
  std::vector<float> score;
  std::vector<uint8_t> positive;
};

/// Returns the area under the ROC curve: the exact Mann-Whitney statistic, in which ties count half. Returns NaN if
/// there are no positive or no negative nodes.
double roc_auc(const ScoredNodes& nodes);

/// Returns the average precision: the sum over the scores, from the largest on, of the precision times the growth of
/// the recall. Nodes of equal scores are taken together. Returns NaN if there are no positive nodes.
double average_precision(const ScoredNodes& nodes);

/// Returns the share of positive nodes among the k nodes with the largest scores; of nodes with the score of the last
/// place, as large a share counts as has places. Fewer than k nodes all count. Returns NaN if there are no nodes.
double precision_at(const ScoredNodes& nodes, int64_t k);

/// Returns the decisions on the positive class if a node is decided positive where its score is at least `threshold`.
DecisionCounts counts_at(const ScoredNodes& nodes, double threshold);

/// Returns the threshold with the largest measure over the nodes: the F1 of the positive class for kF1, Youden's J (the
/// true minus the false positive rate) for kYouden. The threshold is halfway between two neighbouring scores; of
/// several, it is the largest. Returns NaN if there are no positive or no negative nodes.
double best_threshold(const ScoredNodes& nodes, ThresholdRule::Kind measure);

/// The ROC and precision-recall curves, from the largest score to the smallest. Nodes of equal scores are taken
/// together.
struct ScoreCurves {
  int64_t positives = 0, negatives = 0;
  double roc_auc = 0, average_precision = 0;                ///< NaN if there are no positives or no negatives
  std::vector<std::pair<double, double>> roc;               ///< (false positive rate, true positive rate)
  std::vector<std::pair<double, double>> precision_recall;  ///< (recall, precision)
};

/// Returns the curves of some nodes. The areas are exact. The lists of points are thinned out: each point except the
/// last differs from the point before it by at least 0.01 along one axis.
ScoreCurves score_curves(const ScoredNodes& nodes);

}  // namespace graphsieve
