// SPDX-License-Identifier: Apache-2.0
// The input of a network's forward pass: node features, labels that the network may see, and the edges of each layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// The features of n nodes: a dense matrix [n, d], or a CSR matrix with its transpose (ops/sparse_linear).
struct FeatureMatrix {
  /// [n, d], float32; rows that stay in a file may also be float16 or bfloat16. Undefined if the features are sparse.
  /// The tensor may lie in page-locked memory of the host while all other tensors are on a GPU.
  at::Tensor dense;
  at::Tensor row_start, column, value;     ///< CSR by row: int64 [n + 1], int32 [nonzeros], float32 [nonzeros]
  at::Tensor t_row_start, t_row, t_value;  ///< the transpose, CSR by column, with the same types
  int64_t rows = 0, cols = 0;
  std::shared_ptr<const LabelInputs> labels;  ///< labels that are inputs too; null: none
  /// True if the features are sparse.
  bool sparse() const { return row_start.defined(); }
};

/// Returns the features of the nodes `rows` (int32; undefined: all nodes) as a dense float32 matrix with one row per
/// node. The result may share memory with dense features.
at::Tensor dense_features(const FeatureMatrix& features, const at::Tensor& rows = {});

/// The edges of one layer. The first sources of the layer are its destinations.
struct LayerEdges {
  ops::AttentionEdges edges;
  int64_t destinations = 0;  ///< number of destinations
  /// int32 [edges], ordered by destination: the position of each edge in its row of the attention graph
  /// (sampling/edge_ids.h). Undefined if the edges are all edges of the attention graph, or if nothing needs their
  /// positions.
  at::Tensor position = {};
  /// If set, `edges` is empty, and the edges into the destinations [begin, end) are what a call returns: edges that are
  /// drawn where they are needed, so that those of all nodes are never in memory at once.
  std::function<LayerEdges(int64_t begin, int64_t end)> on_demand = nullptr;
};

/// Returns only the layer's edges into the destinations [begin, end). The sources are those of the whole layer.
LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end);
/// Returns the layer with all its edges, also if they are made on demand.
inline LayerEdges all_edges(const LayerEdges& layer) {
  return layer.on_demand ? layer.on_demand(0, layer.destinations) : layer;
}

/// The input of a forward pass.
struct NetworkInput {
  const FeatureMatrix* features = nullptr;
  at::Tensor rows;    ///< int32, ids of the nodes that are the first layer's sources; undefined: all nodes in order
  at::Tensor picked;  ///< dense features of the nodes `rows`; undefined unless pick_features() has read them
  std::vector<LayerEdges> layers;  ///< edges of each layer, the input's layer first
  /// If the features have labels: the labels that this pass shows; absent: all labels of the sources.
  std::optional<ShownLabels> labels;
};

/// Reads the features of a batch's nodes into `picked`, if the features are dense and the batch has less than half of
/// the graph's nodes, or if dense features lie on another device than the batch. For a larger batch, the first layer
/// maps the features of all nodes to the network's width and picks the batch's rows afterwards, which moves fewer
/// bytes.
void pick_features(NetworkInput& input);

/// Reads the features of the nodes of several batches of one graph into each batch's `picked`, as for one batch. The
/// rows of all batches are read together, in the order of the file, so that each part of the file is read once.
void pick_features(const std::vector<NetworkInput*>& inputs);

}  // namespace graphsieve
