// SPDX-License-Identifier: Apache-2.0
// What Theorem 4.2 and Proposition 4.3 measure alike.
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// How far the vectors of every place lie from their d leading directions; `epsilon` becomes the largest distance.
nlohmann::json rank_distances(const CompressTask& task, double& epsilon);

}  // namespace graphsieve
