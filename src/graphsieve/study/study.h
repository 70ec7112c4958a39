// SPDX-License-Identifier: Apache-2.0
// The command graphsieve study: one recipe along one axis. Every point is a run folder inside the study's folder, so an
// interrupted study continues where it stopped. study.json sums up the points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// What to study. The axes are
///   width    the estimator's width (the network's for a model without an estimator): metric, and agreement of the
///            scores with those of the widest
///   k        in-edges drawn per node, by each graph sampler: metric, memory, spectral error of the sampled attention
///   density  graph.expander_degree: memory and time of the full and the sparse network
///   size     side of a generated graph: memory and time of the full and the sparse network
///   a key    any key of a recipe, such as network.dropout: metric, memory and time
struct StudyRequest {
  std::string axis;
  /// Values on the axis: whole numbers from 1, or values of the key as in a setting KEY=VALUE. Empty: the usual values
  /// of the axis; a key has none.
  std::vector<std::string> values;
  int64_t repeats = 1;        ///< number of repeats; repeat i has split i and the i-th seed
  uint64_t seed = 0;          ///< seed of the first repeat
  int64_t epochs = 0;         ///< epochs of both stages; 0: the recipe's (density and size: 5)
  std::filesystem::path out;  ///< folder of the study; created, or continued if it has the same study
};

/// Returns what is wrong with an axis, or "" if it is one of those of StudyRequest.
GRAPHSIEVE_API std::string study_axis_error(const std::string& axis);

/// Returns the data set of a point. Only the axis `size` has a different one for each value.
using DatasetOf = std::function<Dataset(int64_t value)>;

/// Runs a study and returns study.json; docs/study.md describes every field. Throws Error if the axis is neither a name
/// nor a key, if `out` has another study, if an argument is invalid, or if a point fails.
GRAPHSIEVE_API nlohmann::json study(const DatasetOf& data, const Recipe& recipe, const StudyRequest& request,
                                    Observer& observer);

}  // namespace graphsieve
