// SPDX-License-Identifier: Apache-2.0
// What the two tasks that decide between classes share: metrics, the report's figures, the cells of predictions.csv.
#pragma once

#include <map>
#include <utility>

#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/evaluate/task.h"

namespace graphsieve {

/// Up to this number of classes each class has a column of probabilities in predictions.csv.
constexpr int64_t kMostClassColumns = 100;

/// Predictions are probabilities. Subclasses say which decisions follow from them. Metrics: accuracy, roc_auc,
/// macro_f1. ROC AUC of more than two classes is the mean of one class against the rest, that of several labels the
/// mean over the labels that have both values.
class ClassificationTask : public Task {
 public:
  double evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const override;
  std::vector<ClassFigures> per_class(const Predictions& p, const std::vector<int32_t>& nodes) const override;
  nlohmann::json quality(const Predictions& p, const Split& split, const QualityLimits& limits) const override;
  std::vector<std::string> file_columns() const override;
  void append_cells(int64_t node, const float* p, std::string& line) const override;

 protected:
  /// Throws Error if `metric` is none of the three.
  ClassificationTask(const Dataset& data, std::string metric);

  /// (label, prediction), both columns, and how many nodes have the pair.
  using Confusion = std::map<std::pair<int64_t, int64_t>, int64_t>;

  /// Name of the task in the report.
  virtual const char* name() const = 0;
  virtual bool labelled(int64_t node) const = 0;
  /// Adds 1 to counts[c] of each class or label c that the node has.
  virtual void add_support(int64_t node, std::vector<int64_t>& counts) const = 0;
  /// The decisions on those of `nodes` that have a label.
  virtual Decisions decide(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// The probabilities of class or label `column` of those of `nodes` where the truth is known.
  virtual ScoredNodes scored(const Predictions& p, const std::vector<int32_t>& nodes, int64_t column) const = 0;
  /// The first column whose ROC curve counts. Of two classes it is the second, since both have the same curve.
  virtual int64_t first_scored() const { return 0; }
  /// Calls take(probability, true or not) for each decision that calibration counts.
  virtual void each_confidence(const Predictions& p, const std::vector<int32_t>& nodes,
                               const std::function<void(double, bool)>& take) const = 0;
  /// What the second number of each_confidence counts, as the report words it.
  virtual const char* confidence_of() const = 0;
  /// Pairs that were confused; empty where a node has several labels.
  virtual Confusion confusion(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// True if predictions.csv has a column of probabilities for each class or label.
  virtual bool has_probability_columns() const = 0;
  virtual void append_label(int64_t node, std::string& line) const = 0;
  virtual void append_prediction(const float* p, std::string& line) const = 0;

 private:
  double roc_auc_of(const Predictions& p, const std::vector<int32_t>& nodes) const;
  friend class Quality;
};

/// The column with the largest number; of several equal ones the first.
int64_t largest(const float* p, int64_t columns);

std::unique_ptr<Task> make_classes_task(const Dataset& data, const DataRecipe& recipe, at::Device device);
std::unique_ptr<Task> make_labels_task(const Dataset& data, const DataRecipe& recipe, at::Device device);

}  // namespace graphsieve
