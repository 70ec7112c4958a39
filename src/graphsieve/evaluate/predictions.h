// SPDX-License-Identifier: Apache-2.0
// The predictions of a network for nodes, as rows of numbers.
#pragma once

#include <cstdint>

#include "graphsieve/base/large_memory.h"

namespace graphsieve {

/// Predictions in row-major order: one row of `columns` numbers per node, one row that stands for all nodes, or one row
/// for each of some nodes. The task defines what the numbers are, such as probabilities of classes.
struct Predictions {
  int64_t columns = 0;                    ///< numbers per row
  LargeVector<float> value;               ///< [rows, columns]
  LargeVector<int32_t> row_of_node = {};  ///< [nodes] the row of each node, −1 for none; empty if all nodes have rows
  /// [rows], standard error of the mean over several draws of edges, the largest of a row's columns; empty: not known.
  LargeVector<float> standard_error = {};

  /// True if the node has a row.
  bool has(int64_t node) const { return row_of_node.empty() || row_of_node[node] >= 0; }
  /// Returns the standard error of a node that has a row, if standard errors are known.
  float error(int64_t node) const { return standard_error[row_of_node.empty() ? node : row_of_node[node]]; }
  /// Returns the row of a node that has one.
  const float* row(int64_t node) const {
    if (!row_of_node.empty()) return value.data() + row_of_node[node] * columns;
    return value.data() + (static_cast<int64_t>(value.size()) > columns ? node * columns : 0);
  }
};

}  // namespace graphsieve
