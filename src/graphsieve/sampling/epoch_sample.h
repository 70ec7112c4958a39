// SPDX-License-Identifier: Apache-2.0
// The edges of an epoch: k in-edges per node and layer, drawn by the estimator's scores.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"
#include "graphsieve/runtime/memory_budget.h"

namespace graphsieve {

/// When edges are drawn, and by which rule.
struct Sampler {
  ops::SampleRule rule = ops::SampleRule::kWeighted;
  bool by_batch = false;  ///< true: edges are drawn for every batch; false: once per epoch
};
/// The sampler of a recipe's network.sampler, such as "graph_reservoir" or "batch_uniform".
Sampler sampler_of(const std::string& name);

/// What a draw of edges depends on, beside the node. Batch −1 is the draw for evaluation.
struct DrawKey {
  uint64_t seed = 0;
  int64_t epoch = 0, layer = 0, batch = -1;

  /// The key of the draw's random numbers. The batch counts with a by-batch sampler alone.
  uint64_t random(const Sampler& sampler) const;
};

/// Drawn edges of one layer for some nodes: index [rows, k] (global sources), type [rows, k].
struct LayerSample {
  at::Tensor index, type;
  at::Tensor position = {};  ///< int32 [rows, k], of each edge in its row (sampling/edge_ids.h), −1 for none
};

/// Draws k in-edges for each of the nodes `rows` (int32; undefined: all nodes) in one layer. A node's draw depends on
/// the key and the node, not on which other nodes are drawn for. Under a memory budget, edges and scores that lie in
/// files are read for `rows` alone where these are few.
LayerSample draw_layer(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows, int64_t k,
                       const Sampler& sampler, const DrawKey& key, const MemoryBudget& budget = {});

/// The drawn edges of all nodes as one layer over the whole graph, without a transpose: for evaluation.
LayerEdges whole_graph_layer(const LayerSample& sample);

/// Share of the edges that draws of k edges per node keep, as the mean over the layers. A node of degree d keeps min(d,
/// k) distinct edges.
double edge_share(const at::Tensor& row_start, const std::vector<int64_t>& k);

}  // namespace graphsieve
