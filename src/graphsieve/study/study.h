// graphsieve study: one recipe along one axis. Every point is a run folder of its own inside the study's, so that a study
// that was interrupted goes on where it stopped; study.json sums up what is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// width    the estimator's width (a model without one: the network's): metric, and how the scores agree with the widest's
/// k        in-edges drawn per node, by each graph sampler: metric, memory, spectral error of the sampled attention
/// density  graph.expander_degree: memory and time of the full and the sparse network
/// size     side of a generated graph: the same
struct StudyRequest {
  std::string axis;
  std::vector<int64_t> values;   ///< empty: the axis's own
  int64_t repeats = 1;           ///< split and seed i for repeat i
  uint64_t seed = 0;             ///< of the first repeat
  int64_t epochs = 0;            ///< of both stages; 0: the recipe's (density and size: 5)
  std::filesystem::path out;     ///< made, or gone on with if it holds the same study
};

const std::vector<std::string>& study_axes();

/// The data set of a point; only `size` asks for different ones.
using DatasetOf = std::function<Dataset(int64_t value)>;

/// study.json, docs/study.md names every field. Throws Error where `out` holds another study, or a point fails.
nlohmann::json study(const DatasetOf& data, const Recipe& recipe, const StudyRequest& request, Observer& observer);

}  // namespace graphsieve
