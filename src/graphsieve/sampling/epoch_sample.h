// SPDX-License-Identifier: Apache-2.0
// The edges of an epoch: k in-edges per node and layer, drawn by the estimator's scores.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/runtime/memory_budget.h"

namespace graphsieve {

/// The rule by which edges are drawn, and how often edges are drawn.
struct Sampler {
  ops::SampleRule rule = ops::SampleRule::kWeighted;
  bool by_batch = false;  ///< true: edges are drawn for every batch; false: once per epoch
  /// true: drawn edges have weights that make up for those that were not drawn (sampling/importance_weights.h)
  bool importance = false;
  /// true: the row of a node with fewer than k edges is filled up by drawing from its edges again, so that some of them
  /// count more than once; false: such a row has each edge once
  bool refill = true;

  /// True if the draws depend on scores.
  bool by_score() const { return rule != ops::SampleRule::kUniform; }
};
/// Returns the sampler of a recipe: network.sampler and network.refill. Throws Error if the name is not known.
Sampler sampler_of(const NetworkRecipe& recipe);
/// Returns the sampler that a recipe names in network.sampler, such as "graph_reservoir" or "batch_uniform". Throws
/// Error if the name is not known.
Sampler sampler_of(const std::string& name);

/// The numbers that a draw of edges depends on, besides the node. Batch −1 is the draw for evaluation.
struct DrawKey {
  uint64_t seed = 0;
  int64_t epoch = 0, layer = 0, batch = -1;

  /// Returns the key of the draw's random numbers. The batch matters only if the sampler draws by batch.
  uint64_t random(const Sampler& sampler) const;
};

/// The drawn edges of one layer for some nodes. The row of a node without edges has −1 as sources and
/// positions; so has, without refill, the end of the row of a node with fewer than k edges.
struct LayerSample {
  at::Tensor index, type;    ///< int32 [rows, k], sources as node ids of the graph; uint8 [rows, k], edge types
  at::Tensor position = {};  ///< int32 [rows, k], position of each edge in its row (sampling/edge_ids.h)
  /// float32 [rows, k], logarithms of the edges' weights; undefined unless the sampler has weights
  at::Tensor log_weight = {};
};

/// Draws k in-edges for each of the nodes `rows` (int32; undefined: all nodes) in one layer. A node's draw depends on
/// the key and the node, and not on the other nodes in `rows`. Under a memory budget, and if `rows` are few, only the
/// edges and scores of these rows are read from files.
LayerSample draw_layer(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows, int64_t k,
                       const Sampler& sampler, const DrawKey& key, const MemoryBudget& budget = {});

/// Returns the drawn edges of all nodes as one layer over the whole graph. The layer has no transpose, so it is for
/// evaluation only.
LayerEdges whole_graph_layer(const LayerSample& sample);

}  // namespace graphsieve
