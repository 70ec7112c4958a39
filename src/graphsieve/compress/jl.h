// SPDX-License-Identifier: Apache-2.0
// Random matrices in the attention logits (Theorem 3.3), for the methods jl and cluster.
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// Returns the maps of one layer of the wide network with queries and keys multiplied by a random matrix M [width, key
/// width of a head] per head, so that (M q)·(M k) ≈ q·k. Of `options.tries` choices, the one whose largest error of a
/// logit is smallest on a sample of the edges is returned.
LayerMaps with_jl_logits(const CompressTask& task, size_t layer, int64_t width);

/// Returns the number of different dot products of a layer, per head: nodes with equal inputs have equal queries and
/// keys, so that κ distinct rows have at most κ² dot products for each query map.
double different_pairs(const LayerMaps& wide, const LayerEdges& edges, int64_t distinct);

}  // namespace graphsieve
