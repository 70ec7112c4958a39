// SPDX-License-Identifier: Apache-2.0
// The task of a network: the meaning of the labels of a data set, the predictions for each node, and their quality. No
// other part of the program knows what the labels mean. Implementations: one class per node (classes_task.cc), several
// 0/1 labels per node (labels_task.cc), numbers to predict (numbers_task.cc).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/evaluate/predictions.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/recipe/metric.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The figures of one class (or label) on some nodes. A figure that is not defined is 0.
struct ClassFigures {
  int64_t support = 0;  ///< number of nodes that have the class
  double precision = 0, recall = 0, f1 = 0;
};

/// Limits on the number of classes that the report shows.
struct QualityLimits {
  size_t balance = 50;    ///< classes in the class balance: those with the most nodes
  size_t confusion = 15;  ///< classes in the confusion matrix: those with the most test nodes; the others count as one
  size_t worst = 20;      ///< classes in the list of the classes with the lowest F1
  size_t curves = 5;      ///< classes with ROC and precision-recall curves: those with the most test nodes
  size_t errors = 20;     ///< test nodes in the list of the nodes whose label got the least probability
};

/// The loss of the network's outputs [rows, columns] for `nodes` (int64 [rows], ids in the graph): the nodes' losses,
/// each times a weight, summed and divided by the sum of the weights.
struct LossOfNodes {
  /// Returns the weighted sum, a scalar.
  std::function<at::Tensor(const at::Tensor& outputs, const at::Tensor& nodes)> sum;
  /// Returns the sum of the weights, a scalar above 0.
  std::function<at::Tensor(const at::Tensor& nodes)> weight;
  /// Returns the mean loss.
  at::Tensor operator()(const at::Tensor& outputs, const at::Tensor& nodes) const {
    return sum(outputs, nodes) / weight(nodes);
  }
};

/// Returns the number of entries in the rows `nodes` of `targets` that are not NaN, at least 1: an int64 scalar.
at::Tensor known_values(const at::Tensor& targets, const at::Tensor& nodes);

/// A prediction task on the nodes of a data set.
class Task {
 public:
  virtual ~Task() = default;

  /// Returns the number of nodes of the graph.
  int64_t nodes() const { return data_.nodes; }
  /// Returns the number of columns of predictions: one per class, or one per label.
  int64_t columns() const { return columns_; }
  /// Returns the name of a class or label: the data's own name, or the number of the column.
  std::string column_name(int64_t column) const;
  /// Returns the shape of the network's output.
  virtual nn::OutputShape output_shape() const = 0;

  /// Returns the number of columns of label_values() if the recipe makes labels inputs of the networks; otherwise 0.
  int64_t label_columns() const { return shows_labels_ ? value_columns() : 0; }
  /// Returns the labels of `nodes` as inputs of the networks (inputs/label_inputs.h): uint8 or float32 [nodes,
  /// value_columns()] on the CPU. A row of zeros stands for a label that is not shown, so no label has such a row.
  virtual at::Tensor label_values(const std::vector<int32_t>& nodes) const = 0;

  /// Returns the loss that training minimises. The recipe's class weights are computed from the training nodes `train`.
  virtual LossOfNodes loss(const std::vector<int32_t>& train) const = 0;
  /// Returns the predictions [rows, columns] that follow from the network's outputs [rows, columns].
  virtual at::Tensor predictions(const at::Tensor& outputs) const = 0;
  /// Returns the loss of a narrow network's outputs against the predictions of a wide network, both [nodes, columns].
  virtual at::Tensor distillation_loss(const at::Tensor& outputs, const at::Tensor& wide_predictions) const = 0;
  /// Returns the part of the outputs [nodes, columns] that the predictions depend on, in the same shape.
  virtual at::Tensor deciding_outputs(const at::Tensor& outputs) const = 0;

  /// Returns the metric that chooses the best epoch: the recipe's data.metric, or the task's own metric for "auto".
  const Metric& metric() const { return metric_; }
  /// Takes from the labels of the training nodes what predictions and decisions need, and forgets what was learned
  /// before. With two classes, the rarer class is the positive one unless the recipe names another
  /// (data.positive_class). It is called before training.
  virtual void learn_from(const std::vector<int32_t>& train) = 0;
  /// True if the recipe asks for what learn_after_training() learns.
  virtual bool learns_after_training() const { return false; }
  /// Learns from the trained network's predictions for the validation nodes how outputs become predictions (the
  /// temperature) and predictions become decisions (the thresholds). Predictions that were computed before are then out
  /// of date.
  virtual void learn_after_training(const Predictions& p, const std::vector<int32_t>& val);
  /// Returns what was learned, the member "learned" of a run in result.json.
  virtual nlohmann::json learned() const { return nlohmann::json::object(); }
  /// Takes what another task of the same kind had learned. Throws Error if a value is not possible.
  virtual void take_learned(const JsonObject& learned) = 0;
  /// Returns the metric over `nodes`; NaN if the metric is not defined.
  virtual double evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// Returns the baseline that uses no features: a prediction from the labels of the training nodes `train`, with one
  /// row that stands for all nodes.
  virtual Predictions guess(const std::vector<int32_t>& train) const = 0;
  /// Returns the figures of each class or label over `nodes`.
  virtual std::vector<ClassFigures> per_class(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// Returns the report's figures of the predictions for the split's nodes. docs/report.md describes every field.
  virtual nlohmann::json quality(const Predictions& p, const Split& split, const QualityLimits& limits = {}) const = 0;

  /// Returns the names of the columns of predictions.csv after those of the node's id and part.
  virtual std::vector<std::string> file_columns() const = 0;
  /// Appends a node's cells for the columns file_columns() to a line of CSV, each after a comma. `p` is the node's row
  /// of predictions.
  virtual void append_cells(int64_t node, const float* p, std::string& line) const = 0;

  /// Returns a node's label as JSON; null if the node has no class. Several labels per node become a list of names.
  virtual nlohmann::json label(int64_t node) const = 0;
  /// Returns the decision that follows from a row of predictions `p`, in the form of label().
  virtual nlohmann::json predicted(const float* p) const = 0;
  /// True if predictions are probabilities of the columns.
  virtual bool predicts_probabilities() const { return true; }
  /// Returns the column of `outputs` [columns] that decides a node's prediction, and then the column that it competes
  /// with, if there is one.
  virtual std::vector<int64_t> deciding_columns(const at::Tensor& outputs) const = 0;

 protected:
  Task(const Dataset& data, const DataRecipe& recipe, Metric metric);
  /// Returns the number of columns of label_values().
  virtual int64_t value_columns() const = 0;

  const Dataset& data_;
  const Labels& labels_;
  const int64_t columns_;
  const Metric metric_;
  const bool shows_labels_;  ///< the recipe's data.label_inputs
};

/// Returns the task that the data set's labels pose. `data` must outlive the task, whose tensors lie on `device`.
/// Throws Error if the recipe's metric does not fit the task.
std::unique_ptr<Task> make_task(const Dataset& data, const DataRecipe& recipe, at::Device device = at::kCPU);

}  // namespace graphsieve
