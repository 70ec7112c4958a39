// SPDX-License-Identifier: Apache-2.0
// The choice of nodes whose predictions a run writes.
#pragma once

namespace graphsieve {

/// The nodes that predictions.csv has: all of them, or those of the split.
enum class PredictedNodes { kAll, kSplit };

}  // namespace graphsieve
