// SPDX-License-Identifier: Apache-2.0
// Input of a network's forward pass: node features, and the edges of each layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// Features of n nodes: dense [n, d], or a CSR matrix with its transpose (ops/sparse_linear).
struct FeatureMatrix {
  /// [n, d], float32, or float16 or bfloat16 where the rows stay in a file; undefined if the features are sparse. The
  /// tensor may lie in page-locked memory of the host while all other tensors are on a GPU.
  at::Tensor dense;
  at::Tensor row_start, column, value;     ///< CSR by row: int64 [n + 1], int32 [nonzeros], float32 [nonzeros]
  at::Tensor t_row_start, t_row, t_value;  ///< the transpose, CSR by column, with the same types
  int64_t rows = 0, cols = 0;
  bool sparse() const { return row_start.defined(); }
};

/// The features of the nodes `rows` (int32; undefined: all nodes) as float32 [rows, d]; dense ones may share memory.
at::Tensor dense_features(const FeatureMatrix& features, const at::Tensor& rows = {});

/// The edges of one layer. The destinations are the first of the sources.
struct LayerEdges {
  ops::AttentionEdges edges;
  int64_t destinations = 0;
  /// int32 [edges], by destination: each edge's position in its row of the attention graph (sampling/edge_ids.h).
  /// Undefined if the edges are the attention graph's own.
  at::Tensor position = {};
};

/// The layer's edges into the destinations [begin, end) alone; the sources are those of the whole layer.
LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end);

/// Input of a forward pass.
struct NetworkInput {
  const FeatureMatrix* features = nullptr;
  at::Tensor rows;    ///< int32, the nodes that are the first layer's sources; undefined: all nodes in order
  at::Tensor picked;  ///< dense features of `rows`, where pick_features() has read them
  std::vector<LayerEdges> layers;
};

/// Reads the features of a batch's nodes into `picked`, where features are dense and the batch has less than half of
/// the graph's nodes. For a larger batch the first layer maps the features of all nodes to the network's width and
/// picks the batch's rows afterwards, which moves fewer bytes.
void pick_features(NetworkInput& input);

/// As above for several batches. Rows are read in the order of the file, so that each part of the file is read once.
void pick_features(const std::vector<NetworkInput*>& inputs);

}  // namespace graphsieve
