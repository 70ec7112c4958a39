// Input of a network's forward pass: node features, and the edges of each layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// Features of n nodes: dense [n, d], or a CSR matrix with its transpose (ops/sparse_linear).
struct FeatureMatrix {
  at::Tensor dense;  ///< [n, d], float32, or float16 or bfloat16 over a file; undefined if sparse. May lie in page-locked host
                     ///< memory where all else is on a GPU
  at::Tensor row_start, column, value;                       ///< int64 [n + 1], int32, float32 [nonzeros]
  at::Tensor t_row_start, t_row, t_value;                    ///< the same by column
  int64_t rows = 0, cols = 0;
  bool sparse() const { return row_start.defined(); }
};

/// One layer: its destinations are the first rows of its sources.
struct LayerEdges {
  ops::AttentionEdges edges;
  int64_t destinations = 0;
};

/// The same for destinations [begin, end) alone, with the sources of the whole.
LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end);

/// Input of a forward pass. `rows` picks the nodes of the first layer's sources from the features (int32, in order);
/// undefined = all of them as they stand.
struct NetworkInput {
  const FeatureMatrix* features = nullptr;
  at::Tensor rows;
  at::Tensor picked;  ///< dense features of `rows`, where pick_features() has read them
  std::vector<LayerEdges> layers;
};

/// Reads the features of a batch's nodes, where they are dense and the batch takes less than half of the graph; a batch
/// that takes more is mapped to the network's width for all nodes, then picked: that moves rows of width D, not d.
void pick_features(NetworkInput& input);

/// The same for several batches, their rows read in the order of the file: each part of it once for all of them.
void pick_features(const std::vector<NetworkInput*>& inputs);

}  // namespace graphsieve
