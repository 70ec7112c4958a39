// SPDX-License-Identifier: Apache-2.0
// Which edges of the graph were drawn. A draw gives an edge's position in its row, so that an edge's id has 64 bits
// without being stored: row_start[node] + position. What belongs to an edge (its type, and later features and weights)
// is gathered by the id.
//
// Example: node 5's row begins at edge 40; position 2 of the row is edge 42 of the attention graph.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// Ids in the attention graph, int64 [r, k], of edges at `position` (int32 [r, k], −1 for none) in the rows of the
/// nodes `rows` (int32 [r]; undefined: all nodes in order); −1 where there is no edge.
at::Tensor edge_ids(const at::Tensor& row_start, const at::Tensor& rows, const at::Tensor& position);

/// Types of these edges, uint8 [r, k]; 0 where there is no edge.
at::Tensor edge_types(const ops::AttentionEdges& graph, const at::Tensor& rows, const at::Tensor& position);

/// The id in the data's own edges of the attention graph's edge at `position` in the row of a node, or −1: expander
/// edges and self loops are none of the data's. `type`: the edge's type; `degree`: the node's edges in the attention
/// graph; `data_begin`, `data_degree`: its edges in the data. A row has the data's edges of type 0 first, then expander
/// edges and the self loop, then the data's edges of further types.
inline int64_t data_edge_id(int64_t position, uint8_t type, int64_t degree, int64_t data_begin, int64_t data_degree) {
  if (type == kExpanderEdge || type == kSelfLoop) return -1;
  return data_begin + (type == kGraphEdge ? position : position - (degree - data_degree));
}

}  // namespace graphsieve
