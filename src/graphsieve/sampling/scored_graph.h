// SPDX-License-Identifier: Apache-2.0
// The attention graph with the estimator's score of every edge and layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// The edges of a graph and their scores, which were checked to belong together. Tensors are shared, not copied.
class ScoredGraph {
 public:
  /// `scores` has a float32 tensor [edges] per layer, for `layers` layers or more. Throws Error if `scores` has fewer
  /// layers, or if a layer does not have one score per edge.
  ScoredGraph(ops::AttentionEdges edges, std::vector<at::Tensor> scores, int64_t layers);

  /// Makes a graph without scores, from which edges can be drawn uniformly.
  ScoredGraph(ops::AttentionEdges edges, int64_t layers);

  /// Returns this graph with only the first `layers` layers.
  ScoredGraph first_layers(int64_t layers) const { return {edges_, scores_, layers}; }

  const ops::AttentionEdges& edges() const { return edges_; }
  /// Returns the scores of a layer; undefined if the graph has no scores.
  at::Tensor scores(int64_t layer) const { return scores_.empty() ? at::Tensor() : scores_[layer]; }
  int64_t layers() const { return layers_; }
  int64_t nodes() const { return edges_.row_start.size(0) - 1; }

 private:
  ops::AttentionEdges edges_;
  std::vector<at::Tensor> scores_;
  int64_t layers_;
};

}  // namespace graphsieve
