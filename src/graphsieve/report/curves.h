// SPDX-License-Identifier: Apache-2.0
// The training curves: metrics.jsonl, reduced to a limited number of epochs.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/metric.h"

namespace graphsieve {

/// Returns a list with one object per stage: `stage`, `epochs` in the file, `start` (the estimator's restart with the
/// best validation value of `metric`), and lists of equal length: `epoch`, `loss`, `val`, `test`, `lr`, `temperature`,
/// `grad_norm` and, if they were recorded, `operator_norm` (mean over the maps of the layers) and `vector_norm` (mean
/// over the layers). The network's stage has `boundedness` (run/boundedness.h) if norms were recorded. An entry is null
/// if its epoch has no value. At most `most` epochs are returned, evenly spaced, including the first and the last. The
/// list is empty if there is no such file. Damaged lines are skipped, each with a call of `damaged`.
nlohmann::json training_curves(const std::filesystem::path& metrics_jsonl, const Metric& metric, int64_t most,
                               const std::function<void(const Error&)>& damaged);

}  // namespace graphsieve
