// SPDX-License-Identifier: Apache-2.0
// The task of regression: one or several numbers per node.
#pragma once

#include <memory>

#include "graphsieve/evaluate/task.h"

namespace graphsieve {

/// Returns the task of predicting the numbers of the data set's labels. The network's outputs are the numbers minus
/// their mean, divided by their standard deviation, both over the training nodes; predictions are in the numbers' own
/// unit. A missing number counts neither in the loss nor in the figures. The metrics are rmse, mae and r2, with several
/// numbers per node the mean of the numbers' values; "auto" is rmse, or r2 for several numbers, whose units may differ.
/// Throws Error if the recipe asks for what only classes have.
std::unique_ptr<Task> make_numbers_task(const Dataset& data, const DataRecipe& recipe, at::Device device);

}  // namespace graphsieve
