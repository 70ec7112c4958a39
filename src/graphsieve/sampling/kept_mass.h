// SPDX-License-Identifier: Apache-2.0
// How much of the attention a draw keeps, for every k at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// For k = 1, …, most, entry k − 1 is the share of a node's scores that lies on the edges which draw_layer keeps with
/// this k, as the mean over the nodes whose scores are not all 0. The edges drawn for k are among those drawn for k +
/// 1, so one pass gives all entries.
///
/// Example: a node with in-edges of scores 0.7, 0.2, 0.1 gives 0.7, 0.9, 1 with the sampler graph_max.
std::vector<double> kept_mass(const ops::AttentionEdges& graph, const at::Tensor& scores, int64_t most,
                              const Sampler& sampler, const DrawKey& key);

}  // namespace graphsieve
