// SPDX-License-Identifier: Apache-2.0
// Mini-batches: the training nodes of each batch, and the layers of edges from which the outputs of a batch are
// computed.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// Returns the training nodes of an epoch, cut into batches of `size` nodes: int32 [batches][nodes]. If `size` is 0 or
/// at least the number of nodes, one batch has all nodes in the given order. Otherwise the order is random, keyed by
/// (seed, epoch), and a last batch of a single node is joined with the batch before it, because BatchNorm needs two
/// nodes.
std::vector<at::Tensor> batch_nodes(const std::vector<int32_t>& train, int64_t size, uint64_t seed, int64_t epoch);

/// Function that returns the drawn edges of layer `layer` for the nodes `rows`.
using DrawLayer = std::function<LayerSample(int64_t layer, const at::Tensor& rows)>;

/// Builds the layers that compute the outputs of `nodes`, from the last layer back to the first. The sources of a layer
/// are the destinations of the layer below it; a layer's own destinations come first among its sources. `local` is the
/// scratch tensor of ops::expand_block, int32 [nodes of the graph], all −1.
NetworkInput expand_batch(const at::Tensor& nodes, int64_t layers, const DrawLayer& draw, const at::Tensor& local);

}  // namespace graphsieve
