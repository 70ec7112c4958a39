// SPDX-License-Identifier: Apache-2.0
// The share of the attention that a draw keeps, for every k at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// Returns a list of `most` numbers. For k = 1, …, most, entry k − 1 is the share of a node's scores that lies on the
/// edges which draw_layer keeps with this k, as the mean over the nodes whose scores are not all 0. The edges drawn for
/// k are among the edges drawn for k + 1, so one pass over the graph gives all entries. If the scores of all nodes are
/// 0, every entry is 1.
///
/// Example: with the sampler graph_max, a node whose in-edges have the scores 0.7, 0.2 and 0.1 gives 0.7, 0.9 and 1.
std::vector<double> kept_mass(const ops::AttentionEdges& graph, const at::Tensor& scores, int64_t most,
                              const Sampler& sampler, const DrawKey& key);

}  // namespace graphsieve
