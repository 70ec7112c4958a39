// The edges of an epoch: k in-edges per node and layer, drawn by the estimator's scores.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

namespace graphsieve {

/// "graph_reservoir", "batch_uniform", …: when it draws, and by which rule.
struct Sampler {
  ops::SampleRule rule = ops::SampleRule::kWeighted;
  bool by_batch = false;  ///< draw anew for every batch instead of once an epoch
};
Sampler sampler_of(const std::string& name);

/// Key of a layer's draw; see draw_layer.
uint64_t draw_key(const Sampler& sampler, uint64_t seed, int64_t epoch, int64_t layer, int64_t batch = -1);

/// Drawn edges of one layer for some nodes: index [rows, k] (global sources), type [rows, k].
struct LayerSample {
  at::Tensor index, type;
};

/// Draws for `rows` (int32; undefined = every node) of one layer. The result depends on (seed, epoch, layer, node), for a
/// by-batch sampler also on the batch; batch −1 is the draw for evaluation.
LayerSample draw_layer(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows, int64_t k,
                       const Sampler& sampler, uint64_t seed, int64_t epoch, int64_t layer, int64_t batch = -1);

/// The layer's edges over the whole graph, all nodes being destinations; for evaluation (no transpose).
LayerEdges whole_graph_layer(const LayerSample& sample);

/// Distinct edges kept over all edges, mean of the layers; a node of degree d keeps min(d, k).
double edge_share(const at::Tensor& row_start, const std::vector<int64_t>& k);

}  // namespace graphsieve
