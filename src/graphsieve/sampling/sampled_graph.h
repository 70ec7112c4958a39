// SPDX-License-Identifier: Apache-2.0
// The attention graph thinned out: k drawn in-edges per node and layer, anew in every epoch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// Features must outlive the object, and calls must not overlap. A draw depends on (seed, epoch, layer, node)
/// alone, with a by-batch sampler on the batch as well; it does not depend on whether all nodes are asked for or some.
class SampledGraph {
 public:
  /// `k`: in-edges per node, one number per layer.
  SampledGraph(const FeatureMatrix& features, ScoredGraph graph, std::vector<int64_t> k, const Sampler& sampler,
               uint64_t seed, const MemoryBudget& budget = {});

  /// Layers of edges carry each edge's position (LayerEdges::position) from here on, 4 bytes per edge more. Without
  /// this call they do not, since nothing but the edges' types belongs to an edge.
  void keep_positions() { keeps_positions_ = true; }

  void begin_epoch(int64_t epoch);

  /// Draws the edges of all nodes now, on all threads. Without this call edges are drawn when they are asked for.
  void draw_whole();

  /// What the outputs of each of some batches of nodes (int32) are computed from: layers of edges below them, and the
  /// features at their ends, which are read together, in the order of their file. Without `first_batch`, of the draw of
  /// whole().
  std::vector<NetworkInput> around_each(std::span<const at::Tensor> nodes, std::optional<int64_t> first_batch = {});

  /// The edges of one batch, without its features. Batch −1 stands for the draw of whole().
  NetworkInput edges_around(const at::Tensor& nodes, int64_t batch = -1);

  /// True if all batches of an epoch share one draw.
  bool shares_draws() const { return !sampler_.by_batch; }

  /// Device of the edges; nodes are given on this device.
  at::Device device() const { return local_.device(); }

  /// All nodes, for evaluation.
  NetworkInput whole();

 private:
  LayerSample draw(int64_t layer, const at::Tensor& rows, int64_t batch) const;

  const FeatureMatrix& features_;
  const ScoredGraph graph_;
  const std::vector<int64_t> k_;
  const Sampler sampler_;
  const uint64_t seed_;
  const MemoryBudget budget_;
  const at::Tensor local_;  ///< expand_block's scratch
  bool keeps_positions_ = false;
  int64_t epoch_ = 0;
  std::vector<LayerSample> whole_;  ///< of every node, where drawn
};

}  // namespace graphsieve
