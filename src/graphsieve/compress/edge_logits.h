// SPDX-License-Identifier: Apache-2.0
// Logits of single edges, for choosing among maps and for measuring their error.
#pragma once

#include "graphsieve/compress/network_maps.h"

namespace graphsieve {

struct EdgePairs {
  at::Tensor source, destination, type;  ///< int64 [edges]
};

/// At most `most` edges, evenly spread over the layer's; the key shifts them.
EdgePairs sample_edges(const LayerEdges& edges, int64_t most, uint64_t key);

/// (Q_t h_i)·(K h_j) + β_t before the clamp, [edges, heads].
at::Tensor edge_logits(const LayerMaps& maps, const at::Tensor& h, const EdgePairs& pairs);

/// Largest |q̂·k̂ − q·k| / (‖q‖‖k‖) over the edges.
double relative_logit_error(const LayerMaps& wide, const LayerMaps& narrow, const at::Tensor& h,
                            const EdgePairs& pairs);

/// [edges, heads, key] queries of the edges' destinations under the edges' maps, and keys of their sources.
std::pair<at::Tensor, at::Tensor> edge_queries_keys(const LayerMaps& maps, const at::Tensor& h, const EdgePairs& pairs);

}  // namespace graphsieve
