// SPDX-License-Identifier: Apache-2.0
// Measures the distances of vectors from their leading directions, for Theorem 4.2 and Proposition 4.3.
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// Returns, for every place, how far the vectors lie from their d leading directions, with d = task.options.width;
/// docs/compress.md names the members. Sets `epsilon` to the largest distance.
nlohmann::json rank_distances(const CompressTask& task, double& epsilon);

}  // namespace graphsieve
