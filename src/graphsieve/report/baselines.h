// SPDX-License-Identifier: Apache-2.0
// Baselines that a network's metric is shown beside, on the same split.
#pragma once

#include <nlohmann/json.hpp>

#include "graphsieve/data/dataset.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Returns the values of the recipe's metric on the validation and test nodes for two baselines, as {"guess": {"val",
/// "test"}, "linear": {"val", "test"}}:
///   guess    no features: the shares of the classes, or the means of the numbers, among the training nodes
///   linear   logistic regression (of numbers, linear regression) on the features and the logarithm of the degree, with
///            an L2 penalty of 1 / n, which knows no edges
/// Training takes at most 20,000 nodes, and fewer of wide features. Values are rounded to four digits.
nlohmann::json baselines(const Dataset& data, const Recipe& recipe, const Split& split);

}  // namespace graphsieve
