// SPDX-License-Identifier: Apache-2.0
// The file result.json of a run folder. docs/run-folder.md describes its layout.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "graphsieve/run/run_files.h"

namespace graphsieve {

/// Reads the whole of FOLDER/result.json and verifies it. Throws Error if the file is missing or damaged, if it is not
/// a run's result, or if a value that the program uses has another type than docs/run-folder.md says. Such a value may
/// be absent, except for `graph`, `runs` and each run's `split`, `seed`, `best_epoch`, `estimator` and `network`.
nlohmann::json read_result(const std::filesystem::path& folder);
nlohmann::json read_result(const RunFiles& files);

}  // namespace graphsieve
