// SPDX-License-Identifier: Apache-2.0
// What a network predicts for nodes, as rows of numbers.
#pragma once

#include <cstdint>

#include "graphsieve/base/large_memory.h"

namespace graphsieve {

/// Row-major: one row of `columns` numbers per node, one row that stands for all nodes, or rows of some nodes. The task
/// says what the numbers are, such as probabilities of classes.
struct Predictions {
  int64_t columns = 0;
  LargeVector<float> value;
  LargeVector<int32_t> row_of_node = {};  ///< filled where only some nodes have rows: the node's row, −1 for none

  bool has(int64_t node) const { return row_of_node.empty() || row_of_node[node] >= 0; }
  const float* row(int64_t node) const {
    if (!row_of_node.empty()) return value.data() + row_of_node[node] * columns;
    return value.data() + (static_cast<int64_t>(value.size()) > columns ? node * columns : 0);
  }
};

}  // namespace graphsieve
