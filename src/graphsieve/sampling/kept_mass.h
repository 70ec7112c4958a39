// How much of the attention a draw keeps, for every k at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// Entry k − 1, k = 1 … most: the share of a node's scores that stand on the edges which draw_layer keeps with this k,
/// mean over the nodes whose scores are not all 0. Draws of growing k are nested, so one pass gives all.
///
/// Example: in-edges of scores .7, .2, .1 under graph_max: .7, .9, 1.
std::vector<double> kept_mass(const ops::AttentionEdges& graph, const at::Tensor& scores, int64_t most,
                              const Sampler& sampler, uint64_t seed, int64_t epoch, int64_t layer);

}  // namespace graphsieve
