// SPDX-License-Identifier: Apache-2.0
// The attention graph with the estimator's score of every edge and layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve {

/// The scores of every edge, one float32 tensor [edges] per layer.
using LayerScores = std::vector<at::Tensor>;

/// The estimator's scores. If labels are inputs, the scores of a pass depend on the labels that the pass shows, those
/// of an edge's source and of all nodes around it included. Edges that are drawn by such scores would carry a node's
/// own label into its training step. So each part of the nodes has scores from a pass that hides this part's labels.
struct EdgeScores {
  LayerScores shown;                ///< of a pass that shows all labels, or of a network without labels as inputs
  std::vector<LayerScores> hiding;  ///< by part (inputs/label_inputs.h); empty: labels are not inputs

  /// Returns the scores of a pass that hides the labels of `part`, or, with part −1 or without parts, `shown`.
  const LayerScores& of(int part) const { return part < 0 || hiding.empty() ? shown : hiding[part]; }
};

/// The edges of a graph and their scores, which were checked to belong together. Tensors are shared, not copied.
class ScoredGraph {
 public:
  /// `scores` has a float32 tensor [edges] per layer, for `layers` layers or more. Throws Error if `scores` has fewer
  /// layers, or if a layer does not have one score per edge.
  ScoredGraph(ops::AttentionEdges edges, LayerScores scores, int64_t layers);
  /// As above; each part's scores are checked in the same way.
  ScoredGraph(ops::AttentionEdges edges, EdgeScores scores, int64_t layers);

  /// Makes a graph without scores, from which edges can be drawn uniformly.
  ScoredGraph(ops::AttentionEdges edges, int64_t layers);

  /// Returns this graph with only the first `layers` layers.
  ScoredGraph first_layers(int64_t layers) const;

  const ops::AttentionEdges& edges() const { return edges_; }
  /// Returns the scores of a layer (EdgeScores::of()); undefined if the graph has no scores.
  at::Tensor scores(int64_t layer, int part = -1) const;
  /// Returns the number of parts that have scores of their own; 0: none.
  int parts() const { return static_cast<int>(scores_.hiding.size()); }
  int64_t layers() const { return layers_; }
  int64_t nodes() const { return edges_.row_start.size(0) - 1; }

 private:
  ops::AttentionEdges edges_;
  EdgeScores scores_;
  int64_t layers_;
};

}  // namespace graphsieve
