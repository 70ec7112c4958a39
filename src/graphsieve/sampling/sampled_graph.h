// SPDX-License-Identifier: Apache-2.0
// The attention graph with fewer edges: k in-edges per node and layer, which are drawn again in every epoch.
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

/// True if evaluations of a graph of `nodes` nodes draw edges when they come to them, block by block, so that the edges
/// of all nodes are never in memory together. Below this size they take a few MiB.
inline bool draws_on_demand(int64_t nodes) { return nodes >= int64_t{1} << 16; }

/// The drawn edges of an epoch, as inputs of the network. The features must outlive the object, and calls must not
/// overlap. A draw depends only on (seed, epoch, layer, node), and on the batch if the sampler draws by batch. A draw
/// for all nodes and a draw for some nodes give a node the same edges.
class SampledGraph {
 public:
  /// `k` is the number of in-edges per node, one number per layer.
  SampledGraph(const FeatureMatrix& features, ScoredGraph graph, std::vector<int64_t> k, const Sampler& sampler,
               uint64_t seed, const MemoryBudget& budget = {});

  /// From this call on, layers hold the position of each edge (LayerEdges::position), which takes 4 bytes per edge.
  /// Without this call, layers hold no positions, which are needed only if edges have properties besides their types.
  void keep_positions() { keeps_positions_ = true; }

  /// Returns an object with the same graph and settings, which begins and draws epochs independently of this one.
  SampledGraph another() const;

  /// Begins an epoch: all edges are drawn again. An epoch has any number of draws, which are independent of each other;
  /// training takes draw 0. The edges are drawn by the scores of `part` (ScoredGraph::scores()).
  void begin_epoch(int64_t epoch, int64_t draw = 0, int part = -1);
  /// Returns the number of parts of the nodes whose draws differ; 0: the draws do not depend on labels.
  int label_parts() const { return sampler_.by_score() ? graph_.parts() : 0; }

  /// Draws the edges of all nodes now, on all threads. Without this call, edges are drawn when an input needs them.
  void draw_whole();

  /// Returns an input for each of several batches of nodes (int32): the layers of edges from which the nodes' outputs
  /// are computed, and the features of the first layer's sources. The features of all batches are read together, in the
  /// order of their file. The batches have the numbers first_batch, first_batch + 1, …. Without `first_batch`, the
  /// edges are those of whole().
  std::vector<NetworkInput> around_each(std::span<const at::Tensor> nodes, std::optional<int64_t> first_batch = {});

  /// Returns the input for one batch of nodes without picked features. With batch −1, the edges are those of whole().
  NetworkInput edges_around(const at::Tensor& nodes, int64_t batch = -1);

  /// True if all batches of an epoch share one draw.
  bool shares_draws() const { return !sampler_.by_batch; }

  /// Returns the device of the edges. Nodes must be given on this device.
  at::Device device() const { return local_.device(); }

  /// Returns the input for all nodes, for evaluation. Of a large graph (draws_on_demand()) whose edges were not drawn
  /// for all nodes, its layers draw the edges of a block of nodes when an evaluation comes to them.
  NetworkInput whole();

 private:
  /// Returns the drawn edges of one layer for the nodes `rows`. The edges of batch −1 are taken from `whole_` if all
  /// nodes were drawn for.
  LayerSample draw(int64_t layer, const at::Tensor& rows, int64_t batch) const;

  const FeatureMatrix& features_;
  const ScoredGraph graph_;
  const std::vector<int64_t> k_;
  const Sampler sampler_;
  const uint64_t seed_;
  const MemoryBudget budget_;
  const at::Tensor local_;  ///< scratch tensor of ops::expand_block
  bool keeps_positions_ = false;
  int64_t epoch_ = 0;
  int part_ = -1;                   ///< the part by whose scores edges are drawn
  uint64_t draw_seed_ = seed_;      ///< the seed of the epoch's present draw
  std::vector<LayerSample> whole_;  ///< drawn edges of all nodes by layer; empty until draw_whole() or whole()
};

}  // namespace graphsieve
