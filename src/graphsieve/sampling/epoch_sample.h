// The edges of an epoch: k in-edges per node and layer, drawn by the estimator's scores.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

namespace graphsieve {

/// When edges are drawn, and by which rule.
struct Sampler {
  ops::SampleRule rule = ops::SampleRule::kWeighted;
  bool by_batch = false;  ///< true: edges are drawn for every batch; false: once per epoch
};
/// The sampler of a recipe's network.sampler, such as "graph_reservoir" or "batch_uniform".
Sampler sampler_of(const std::string& name);

/// Key of the random numbers of one layer's draw (see draw_layer).
uint64_t draw_key(const Sampler& sampler, uint64_t seed, int64_t epoch, int64_t layer, int64_t batch = -1);

/// Drawn edges of one layer for some nodes: index [rows, k] (global sources), type [rows, k].
struct LayerSample {
  at::Tensor index, type;
};

/// Draws k in-edges for each of the nodes `rows` (int32; undefined: all nodes) in one layer. A node's draw depends on
/// (seed, epoch, layer, node), with a by-batch sampler also on the batch; batch −1 is the draw for evaluation.
LayerSample draw_layer(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows, int64_t k,
                       const Sampler& sampler, uint64_t seed, int64_t epoch, int64_t layer, int64_t batch = -1);

/// The drawn edges of all nodes as one layer over the whole graph, without a transpose: for evaluation.
LayerEdges whole_graph_layer(const LayerSample& sample);

/// Share of the edges that draws of k edges per node keep, as the mean over the layers. A node of degree d keeps min(d, k)
/// distinct edges.
double edge_share(const at::Tensor& row_start, const std::vector<int64_t>& k);

}  // namespace graphsieve
