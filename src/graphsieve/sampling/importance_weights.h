// SPDX-License-Identifier: Apache-2.0
// Weights of drawn edges that make a weighted draw without replacement unbiased. A draw keeps the k smallest keys
// −ln(u) / p. Given the (k + 1)-th smallest key τ, an edge is among the k smallest with the probability π = 1 − exp(−p
// τ), and the sum over the drawn edges of x / π has the mean Σ x over all edges, for any numbers x (bottom-k sketches;
// Cohen and Kaplan 2007). In attention, x is exp(logit) v and exp(logit): numerator and denominator of the softmax are
// each unbiased.
#pragma once

#include <cstdint>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// Returns ln(1 / π) of the drawn edges, float32 [rows, k]: `sample` is the draw by `key` for the nodes `rows` (int32;
/// undefined: all nodes). Of a node with at most k in-edges all are kept, with weight 1 over the number of times that
/// the edge fills a place. 0 where there is no edge.
at::Tensor importance_weights(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows,
                              const LayerSample& sample, uint64_t key);

}  // namespace graphsieve
