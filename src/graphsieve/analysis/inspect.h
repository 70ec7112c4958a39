// SPDX-License-Identifier: Apache-2.0
// The command graphsieve inspect: measurements of a trained run, and of two runs on the same edges.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// What to measure.
struct InspectRequest {
  std::filesystem::path run, other;  ///< run folders; `other` may be empty
  int64_t k = 0;             ///< k of the statistics of the heaviest edges; 0: the layer's k of the recipe, else 10
  int64_t destinations = 0;  ///< number of destinations to sample, with confidence intervals; 0: all
  uint64_t seed = 0;         ///< seed of the sampled destinations and of the random reference
};

/// Measures the runs; docs/inspect.md describes every field. Throws Error if a run is not of `data`, or if the two runs
/// attend along different edges.
GRAPHSIEVE_API nlohmann::json inspect(Dataset data, const InspectRequest& request, Observer& observer);

}  // namespace graphsieve
