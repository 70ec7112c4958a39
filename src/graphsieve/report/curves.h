// How training went: metrics.jsonl, thinned out to a bounded number of epochs.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// A list, one object a stage: `stage`, `epochs` in the file, `start` (of the estimator's restarts: the one with the
/// best validation value), and lists of equal length: `epoch`, `loss`, `val`, `test`, `lr`, `temperature`, `grad_norm`,
/// and where they were recorded `operator_norm` (mean of the layers' maps) and `vector_norm` (mean of the layers); null
/// where an epoch has none. At most `most` epochs, evenly spread, the first and the last among them. Empty where there
/// is no such file; damaged lines are passed over, each told to `damaged`.
nlohmann::json training_curves(const std::filesystem::path& metrics_jsonl, int64_t most,
                               const std::function<void(const Error&)>& damaged);

}  // namespace graphsieve
