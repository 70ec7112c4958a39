// SPDX-License-Identifier: Apache-2.0
// Pictures of learned attention: the distribution of the scores of each layer, and, of a small graph, every edge with
// its score and whether the draw kept it, as in the first experiments of "Even Sparser Graph Transformers".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// Returns the distribution of a layer's scores relative to equal scores, score times in-degree, over the in-edges of
/// the destinations: [{"from", "to", "share"}, …] with the share of the edges in each range. The ranges are bounded by
/// powers of two from 1/32 to 32; `from` of the first and `to` of the last range are null. Nodes with one in-edge are
/// left out, since their only edge has the score 1.
nlohmann::json score_distribution(const ops::AttentionEdges& edges, const at::Tensor& scores,
                                  const std::vector<int32_t>& destinations);

constexpr int64_t kMostPictured = 100;  ///< most nodes of a graph that is drawn

/// A place for each node of a drawing, from 0 to 1 on both axes.
struct NodePlaces {
  std::vector<double> x, y;
};

/// Returns places at which nodes that are joined by edges are close to each other and all others apart (forces of
/// Fruchterman and Reingold 1991, from a circle on). The result depends on the edges alone.
NodePlaces place_nodes(const ops::AttentionEdges& edges);

/// Returns the drawing of a small graph's attention:
///   {"x": […], "y": […], "class": […], "layers": [{"edges": [[source, destination, type, score, kept], …]}, …]}
/// `kept` is true for the edges that the draws of `k` edges per node of the run's `epoch` kept. `class` has the number
/// of each node's class, −1 if the node has no label or labels are no classes. Null for a graph of more than
/// kMostPictured nodes.
nlohmann::json attention_picture(const ScoredGraph& graph, const std::vector<int64_t>& k, const Sampler& sampler,
                                 uint64_t seed, int64_t epoch, const std::vector<int32_t>& classes);

}  // namespace graphsieve
