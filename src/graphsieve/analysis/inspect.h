// graphsieve inspect: what can be measured about a trained run, and about two runs on the same edges.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

struct InspectRequest {
  std::filesystem::path run, other;  ///< run folders; other may be empty
  int64_t k = 0;             ///< of the statistics of the heaviest edges; 0: the layer's k of the recipe, else 10
  int64_t destinations = 0;  ///< sampled, with confidence intervals; 0: all
  uint64_t seed = 0;         ///< of the sampled destinations and the random reference
};

/// docs/inspect.md names every field. Throws Error where a run is not of `data`, or the two attend along other edges.
nlohmann::json inspect(Dataset data, const InspectRequest& request, Observer& observer);

}  // namespace graphsieve
