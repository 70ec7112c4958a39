// SPDX-License-Identifier: Apache-2.0
// Computes the attention logits of single edges, to choose among maps and to measure the error of maps.
#pragma once

#include "graphsieve/compress/network_maps.h"

namespace graphsieve {

/// Some edges of a layer.
struct EdgePairs {
  at::Tensor source, destination, type;  ///< int64 [edges], per edge: its two nodes and its type
};

/// Returns at most `most` of the layer's edges, spread evenly over all edges. One edge is drawn by the key from each of
/// `most` stretches of equal length.
EdgePairs sample_edges(const LayerEdges& edges, int64_t most, uint64_t key);

/// Returns the attention logits (Q_t h_i)·(K h_j) + β_t before the clamp, [edges, heads]. h [n, width] is the layer's
/// input.
at::Tensor edge_logits(const LayerMaps& maps, const at::Tensor& h, const EdgePairs& pairs);

/// Errors of the logits of narrow maps on all edges and heads of a layer.
struct LogitErrors {
  double mean_square = 0;       ///< mean of (ẑ − z)²
  double largest = 0;           ///< largest |ẑ − z|
  double largest_relative = 0;  ///< largest |q̂·k̂ − q·k| / (‖q‖‖k‖), with q and k of the wide maps
};
/// Returns the errors, one block of edges at a time. h [n, width] is the layer's input.
LogitErrors logit_errors(const LayerMaps& wide, const LayerMaps& narrow, const at::Tensor& h, const LayerEdges& edges);

/// Returns two tensors [edges, heads, key]: the queries of the edges' destinations under the query maps of the edges'
/// types, and the keys of the edges' sources.
std::pair<at::Tensor, at::Tensor> edge_queries_keys(const LayerMaps& maps, const at::Tensor& h, const EdgePairs& pairs);

}  // namespace graphsieve
