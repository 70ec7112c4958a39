// Mini-batches: which training nodes a batch holds, and the layers of edges below them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// The training nodes of an epoch, cut into batches: int32 [batches][nodes]. size 0, or at least as many as there are
/// nodes: one batch in the given order; else a keyed order per epoch, and a last batch of one node joins the one before
/// it (BatchNorm needs two).
std::vector<at::Tensor> batch_nodes(const std::vector<int32_t>& train, int64_t size, uint64_t seed, int64_t epoch);

/// Gives layer `l`'s drawn edges for `rows`.
using DrawLayer = std::function<LayerSample(int64_t layer, const at::Tensor& rows)>;

/// The layers that compute `nodes`' outputs, from the last layer back to the first: each layer's destinations are the
/// next one's sources, destinations first. `local` is expand_block's scratch.
NetworkInput expand_batch(const at::Tensor& nodes, int64_t layers, const DrawLayer& draw, const at::Tensor& local);

}  // namespace graphsieve
