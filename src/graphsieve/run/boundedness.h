// SPDX-License-Identifier: Apache-2.0
// A verdict on the assumption of the theory of compressibility that norms are bounded: the operator norms of the maps
// by a constant β, and the lengths of the vectors that enter a layer's attention, H(l), and its FFN, H(l+1/2), by √α
// ("A Theory for Compressibility of Graph Transformers for Transductive Learning", §3). A single network always has
// some bound; what can be seen is whether the norms settle while the network is trained, or go on growing.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/files/json_file.h"

namespace graphsieve {

/// The norms of one epoch: the largest of every kind.
struct NormsOfEpoch {
  int64_t epoch = 0;
  std::map<std::string, double> largest;  ///< "operators", "inputs", "middles"; a kind may be missing
};

/// Returns the largest norms of a line of metrics.jsonl. Without norms in the line, `largest` is empty.
NormsOfEpoch norms_of(const JsonObject& line);

/// A kind of norm whose largest value grew by more than this share in the second half of the training is growing.
constexpr double kSettledGrowth = 0.1;

/// Returns the verdict on the epochs, which ascend:
///   {"verdict": "settled" | "growing" | "unknown", "beta": β, "alpha": α, "norms": [{"kind", "first", "half", "last",
///   "largest", "growth"}, …], "sentence": …}
/// "growth" is last / half − 1, where half is the record in the middle. The verdict is "unknown" for fewer than four
/// records. `network` has the norms of the trained network itself, whose epoch may have no record: β, α and "largest"
/// include them.
nlohmann::json boundedness(const std::vector<NormsOfEpoch>& epochs, const NormsOfEpoch& network = {});

}  // namespace graphsieve
