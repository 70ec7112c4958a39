// SPDX-License-Identifier: Apache-2.0
// The nodes of new data that a model knows from its training. Expander edges and draws are keyed by the numbers of
// nodes, so a node that keeps its number keeps them, whatever other nodes come and go.
//
//   training data:  a 0   b 1   c 2            new data:  c, x, a      its numbers:  2, 3, 0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// The nodes of a model's training data.
struct TrainingNodes {
  int64_t count = 0;
  StoredIds ids;  ///< empty: the id of a node is its number
};

/// How the nodes of a data set are numbered as in the training data.
struct KnownNodes {
  int64_t trained = 0;           ///< number of nodes of the training data, which have the numbers 0 … trained − 1
  std::vector<uint8_t> present;  ///< [trained]: 1 if the data set has the node; empty: it has all of them
  std::vector<int32_t> number;   ///< by node in the data set's own order: its number; empty: the order is unchanged
};

/// Renumbers the nodes of `data` as the training data numbers them: a node with an id of the training data gets its
/// number, and each further node the next number from `trained.count` on, in the order of the data. The data set then
/// has a node of each number; a node of the training data that was absent has no edges, no label and features of 0. The
/// given splits are dropped. Returns nothing and leaves `data` unchanged if no id is common, or if features in a file
/// would have to be rearranged and need more than 4 GiB in memory; `why` is then set to a sentence for the user. Throws
/// Error if an id occurs twice.
std::optional<KnownNodes> number_as_trained(Dataset& data, const TrainingNodes& trained, std::string& why);

}  // namespace graphsieve
