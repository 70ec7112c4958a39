// SPDX-License-Identifier: Apache-2.0
// What is predicted for each node, and how good a prediction is: the one place that knows what the labels of a data set
// mean. Implementations: one class per node (classes_task.cc), several 0/1 labels per node (labels_task.cc).
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
#include "graphsieve/nn/transformer.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Figures of one class (or label) on some nodes. A figure that is not defined is 0.
struct ClassFigures {
  int64_t support = 0;
  double precision = 0, recall = 0, f1 = 0;
};

/// How much the report tells of many classes.
struct QualityLimits {
  size_t balance = 50;    ///< classes in the class balance, the largest
  size_t confusion = 15;  ///< classes of the confusion matrix, the largest of the test nodes; the others are one
  size_t worst = 20;      ///< classes with the lowest F1
  size_t curves = 5;      ///< classes with ROC and precision-recall curves, the largest of the test nodes
};

/// Mean loss of the network's outputs [rows, network_outputs] for `nodes` (int64 [rows], ids in the graph).
using LossOfNodes = std::function<at::Tensor(const at::Tensor& outputs, const at::Tensor& nodes)>;

class Task {
 public:
  virtual ~Task() = default;

  /// Number of nodes of the graph.
  int64_t nodes() const { return data_.nodes; }
  /// Number of numbers that are predicted per node: classes, or labels.
  int64_t columns() const { return columns_; }
  /// Name of a class or label: the data's, or its number.
  std::string column_name(int64_t column) const;
  /// What the network's last layer computes.
  virtual nn::OutputShape output_shape() const = 0;

  /// The loss that training minimises, with the recipe's class weights from the training nodes `train`.
  virtual LossOfNodes loss(const std::vector<int32_t>& train) const = 0;
  /// Predictions [rows, columns] of the network's outputs [rows, columns].
  virtual at::Tensor predictions(const at::Tensor& outputs) const = 0;
  /// Loss of a narrow network's outputs against the predictions of a wide one, both [nodes, columns].
  virtual at::Tensor distillation_loss(const at::Tensor& outputs, const at::Tensor& wide_predictions) const = 0;
  /// The part of the outputs [nodes, columns] that predictions depend on.
  virtual at::Tensor deciding_outputs(const at::Tensor& outputs) const = 0;

  /// Name of the metric that chooses the best epoch: the recipe's data.metric, or the task's own for "auto".
  const std::string& metric() const { return metric_; }
  /// The metric over `nodes`; NaN where it is not defined.
  virtual double evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// One row for all nodes: the best prediction without features, from the training nodes.
  virtual Predictions guess(const std::vector<int32_t>& train) const = 0;
  /// Figures of each class or label over `nodes`.
  virtual std::vector<ClassFigures> per_class(const Predictions& p, const std::vector<int32_t>& nodes) const = 0;
  /// What the report shows of the predictions of the split's nodes; docs/report.md names every field.
  virtual nlohmann::json quality(const Predictions& p, const Split& split, const QualityLimits& limits = {}) const = 0;

  /// Names of the columns of predictions.csv after the node's id and part.
  virtual std::vector<std::string> file_columns() const = 0;
  /// Appends a node's cells for these columns to a line of CSV, each after a comma. `p`: the node's row of predictions.
  virtual void append_cells(int64_t node, const float* p, std::string& line) const = 0;

  /// A node's label as JSON; null if the node has none.
  virtual nlohmann::json label(int64_t node) const = 0;
  /// What a row of predictions says of its node, in the form of label().
  virtual nlohmann::json predicted(const float* p) const = 0;
  /// The output that decides a node's prediction, and the output that it competes with, if there is one.
  virtual std::vector<int64_t> deciding_columns(const at::Tensor& outputs) const = 0;

 protected:
  Task(const Dataset& data, std::string metric);

  const Dataset& data_;
  const Labels& labels_;
  const int64_t columns_;
  const std::string metric_;
};

/// The task that the data set's labels pose. `data` must outlive it; tensors lie on `device`. Throws Error where the
/// recipe's metric does not fit the task.
std::unique_ptr<Task> make_task(const Dataset& data, const DataRecipe& recipe, at::Device device = at::kCPU);

}  // namespace graphsieve
