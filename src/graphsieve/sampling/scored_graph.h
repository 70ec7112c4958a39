// SPDX-License-Identifier: Apache-2.0
// The attention graph with the estimator's score of every edge and layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// Edges and scores that were checked to belong together. Tensors are shared, not copied.
class ScoredGraph {
 public:
  /// `scores`: float32 [edges] per layer; more layers than `layers` may be given. Throws Error where there are fewer,
  /// or where a layer has not one score per edge.
  ScoredGraph(ops::AttentionEdges edges, std::vector<at::Tensor> scores, int64_t layers);

  /// A graph without scores, from which edges can be drawn uniformly.
  ScoredGraph(ops::AttentionEdges edges, int64_t layers);

  /// The same graph with fewer layers.
  ScoredGraph first_layers(int64_t layers) const { return {edges_, scores_, layers}; }

  const ops::AttentionEdges& edges() const { return edges_; }
  /// Scores of a layer; undefined without scores.
  at::Tensor scores(int64_t layer) const { return scores_.empty() ? at::Tensor() : scores_[layer]; }
  int64_t layers() const { return layers_; }
  int64_t nodes() const { return edges_.row_start.size(0) - 1; }

 private:
  ops::AttentionEdges edges_;
  std::vector<at::Tensor> scores_;
  int64_t layers_;
};

}  // namespace graphsieve
