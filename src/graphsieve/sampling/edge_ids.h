// SPDX-License-Identifier: Apache-2.0
// The ids of drawn edges. A draw returns the position of each edge in its row. The 64-bit id of an edge is
// row_start[node] + position, so that ids need not be stored. Properties of an edge (its type, and later features and
// weights) are gathered by the id.
//
// Example: node 5's row begins at edge 40; position 2 of the row is edge 42 of the attention graph.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// Returns the ids in the attention graph, int64 [r, k], of the edges at `position` (int32 [r, k], −1 for no edge) in
/// the rows of the nodes `rows` (int32 [r]; undefined: all nodes in order). The id is −1 if there is no edge.
at::Tensor edge_ids(const at::Tensor& row_start, const at::Tensor& rows, const at::Tensor& position);

/// Returns the types, uint8 [r, k], of the edges at `position` in the rows of the nodes `rows`. The type is 0 if there
/// is no edge.
at::Tensor edge_types(const ops::AttentionEdges& graph, const at::Tensor& rows, const at::Tensor& position);

/// Returns the id among the data's own edges of the edge at `position` in a node's row of the attention graph. Returns
/// −1 for expander edges and self loops, which are not edges of the data. `type` is the edge's type, `degree` the
/// number of the node's edges in the attention graph, and `data_degree` the number of the node's edges in the data,
/// whose ids begin at `data_begin`. A row has the data's edges of type 0 first, then expander edges and the self loop,
/// then the data's edges of further types.
inline int64_t data_edge_id(int64_t position, uint8_t type, int64_t degree, int64_t data_begin, int64_t data_degree) {
  if (type == kExpanderEdge || type == kSelfLoop) return -1;
  return data_begin + (type == kGraphEdge ? position : position - (degree - data_degree));
}

}  // namespace graphsieve
