// result.json of a run folder. Layout: docs/run-folder.md.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "graphsieve/run/run_files.h"

namespace graphsieve {

/// The whole of FOLDER/result.json, verified. Throws Error where there is none or it is damaged, where it is no run's
/// result, and where a value that the program uses is of another kind than docs/run-folder.md says; such a value may be
/// absent, but for `graph`, `runs` and each run's `split`, `seed`, `best_epoch`, `estimator` and `network`.
nlohmann::json read_result(const std::filesystem::path& folder);
nlohmann::json read_result(const RunFiles& files);

}  // namespace graphsieve
