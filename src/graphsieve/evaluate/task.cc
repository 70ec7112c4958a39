// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/task.h"

#include <ATen/ATen.h>

#include "graphsieve/base/error.h"
#include "graphsieve/evaluate/classification.h"
#include "graphsieve/evaluate/numbers_task.h"

namespace graphsieve {

at::Tensor known_values(const at::Tensor& targets, const at::Tensor& nodes) {
  return targets.index_select(0, nodes).isnan().logical_not().sum().clamp_min(1);
}

Task::Task(const Dataset& data, const DataRecipe& recipe, Metric metric)
    : data_(data),
      labels_(data.labels),
      columns_(data.labels.classes),
      metric_(std::move(metric)),
      shows_labels_(recipe.label_inputs) {}

void Task::learn_after_training(const Predictions&, const std::vector<int32_t>&) {}

std::string Task::column_name(int64_t column) const {
  return column < static_cast<int64_t>(data_.class_names.size()) ? data_.class_names[column] : std::to_string(column);
}

std::unique_ptr<Task> make_task(const Dataset& data, const DataRecipe& recipe, at::Device device) {
  if (data.labels.classes < 1) throw Error(data.source, ": has no labels, so that it can be scored but not trained on");
  switch (data.labels.kind()) {
    case LabelKind::kClasses:
      return make_classes_task(data, recipe, device);
    case LabelKind::kSeveral:
      return make_labels_task(data, recipe, device);
    case LabelKind::kNumbers:
      return make_numbers_task(data, recipe, device);
  }
  return nullptr;
}

}  // namespace graphsieve
