// SPDX-License-Identifier: Apache-2.0
// The common base of the two classification tasks: metrics, figures of the report, and cells of predictions.csv.
#pragma once

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/evaluate/task.h"

namespace graphsieve {

/// Largest number of classes for which each class has a column of probabilities in predictions.csv.
constexpr int64_t kMostClassColumns = 100;

/// The base class of classification tasks, whose predictions are probabilities. Subclasses define the decisions that
/// follow from the probabilities. With more than two classes, the areas (roc_auc, average_precision) are the mean over
/// the classes of one class against the rest; with several labels per node, the mean over the labels of which both
/// values occur. With two classes, average_precision, f1 and precision_at_K are those of the positive class.
class ClassificationTask : public Task {
 public:
  double evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const override;
  std::vector<ClassFigures> per_class(const Predictions& p, const std::vector<int32_t>& nodes) const override;
  nlohmann::json quality(const Predictions& p, const Split& split, const QualityLimits& limits) const override;
  std::vector<std::string> file_columns() const override;
  void learn_from(const std::vector<int32_t>& train) override;
  bool learns_after_training() const override;
  void learn_after_training(const Predictions& p, const std::vector<int32_t>& val) override;
  nlohmann::json learned() const override;
  void take_learned(const JsonObject& learned) override;
  void append_cells(int64_t node, const float* p, std::string& line) const override;

 protected:
  /// `two_classes` is true for one of two classes per node: then one of them is the positive class, which is the second
  /// one until learn_from() or take_learned() says otherwise. Throws Error if the metric is none of classification, or
  /// if the recipe's positive class is none of the classes.
  ClassificationTask(const Dataset& data, const DataRecipe& recipe, const std::string& metric, bool two_classes);

  /// Returns the column of the positive class, or −1 if the task has none.
  int64_t positive() const { return positive_; }
  /// Returns the number that the network's outputs are divided by.
  double temperature() const { return temperature_; }
  /// Returns the outputs divided by temperature().
  at::Tensor scaled(const at::Tensor& outputs) const { return temperature_ == 1 ? outputs : outputs / temperature_; }
  /// Returns the thresholds from which probabilities decide, one for each of scored_columns(); empty: the more probable
  /// class, or for labels 0.5.
  const std::vector<double>& thresholds() const { return thresholds_; }

  /// The number of nodes per pair (label, predicted class), both given as columns.
  using Confusion = std::map<std::pair<int64_t, int64_t>, int64_t>;

  /// Returns the name of the task in the report.
  virtual const char* name() const = 0;
  /// True if the node has a label that is known.
  virtual bool labelled(int64_t node) const = 0;
  /// Adds 1 to counts[c] for each class or label c that the node has.
  virtual void add_support(int64_t node, std::vector<int64_t>& counts) const = 0;
  /// Returns the decisions on those of `nodes` that have a label.
  virtual Decisions decide(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// Returns the probabilities of the class or label `column` for those of `nodes` whose truth is known.
  virtual ScoredNodes scored(const Predictions& p, const std::vector<int32_t>& nodes, int64_t column) const = 0;
  /// Returns the columns whose curves count; with two classes, the positive one alone.
  std::vector<int64_t> scored_columns() const;
  /// Calls take(logits, count, truth) for each decision on `nodes`: `count` logits of a softmax, and which is the true
  /// one's. Two logits stand for a label.
  virtual void each_logits(const Predictions& p, const std::vector<int32_t>& nodes,
                           const std::function<void(const double*, int64_t, int64_t)>& take) const = 0;
  /// Returns the probability that the node's row `p` gives to the truth, for several labels the least one; NaN if the
  /// node has no label.
  virtual double truth_probability(int64_t node, const float* p) const = 0;
  /// Calls take(probability, outcome) for each decision that calibration counts. confidence_of() names the true
  /// outcomes.
  virtual void each_confidence(const Predictions& p, const std::vector<int32_t>& nodes,
                               const std::function<void(double, bool)>& take) const = 0;
  /// Returns the report's words for the share of true outcomes of each_confidence(), such as "share predicted rightly".
  virtual const char* confidence_of() const = 0;
  /// Returns the confusion of labels and predicted classes; empty if nodes can have several labels.
  virtual Confusion confusion(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// True if predictions.csv has a column of probabilities for each class or label.
  virtual bool has_probability_columns() const = 0;
  /// Appends the node's label to a line of predictions.csv; the place of an unknown label stays empty.
  virtual void append_label(int64_t node, std::string& line) const = 0;
  /// Appends the decision that follows from the node's row of predictions `p` to a line of predictions.csv.
  virtual void append_prediction(const float* p, std::string& line) const = 0;

 private:
  /// Returns the column of that name, or −1 if there is none.
  int64_t column_named(const std::string& name) const;
  /// Returns the derivative by `scale` of the summed log loss on `nodes` with all logits multiplied by `scale`.
  double log_loss_slope(const Predictions& p, const std::vector<int32_t>& nodes, double scale) const;
  /// Returns the mean of figure(scored nodes of a column) over the columns for which it is defined; NaN if there is
  /// none.
  template <class Figure>
  double mean_of(const Predictions& p, const std::vector<int32_t>& nodes, Figure figure) const;
  friend class Quality;

  const ThresholdRule threshold_rule_;
  const bool calibrated_, two_classes_;
  int64_t named_positive_ = -1;  ///< column of the recipe's positive class; −1: the recipe names none
  int64_t positive_ = -1;
  double temperature_ = 1;
  std::vector<double> thresholds_;
};

template <class Figure>
double ClassificationTask::mean_of(const Predictions& p, const std::vector<int32_t>& nodes, Figure figure) const {
  // The columns are independent of each other, so their figures are computed in parallel. Columns without positive or
  // without negative nodes have none and do not count in the mean.
  const std::vector<int64_t> columns = scored_columns();
  std::vector<double> figures(columns.size());
  parallel_for(std::ssize(columns), [&](int64_t c) { figures[c] = figure(scored(p, nodes, columns[c])); });
  double sum = 0, defined = 0;
  for (const double one : figures)
    if (!std::isnan(one)) sum += one, ++defined;
  return ratio(sum, defined);
}

/// Returns the column of the largest number; of equal numbers, the first column.
int64_t largest(const float* p, int64_t columns);

/// Returns the task with one class per node (classes_task.cc).
std::unique_ptr<Task> make_classes_task(const Dataset& data, const DataRecipe& recipe, at::Device device);
/// Returns the task with several 0/1 labels per node (labels_task.cc).
std::unique_ptr<Task> make_labels_task(const Dataset& data, const DataRecipe& recipe, at::Device device);

}  // namespace graphsieve
