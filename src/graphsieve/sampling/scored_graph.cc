// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/scored_graph.h"

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

/// Throws Error unless the first `layers` layers have one score per edge.
void check_scores(const LayerScores& scores, int64_t edges, int64_t layers) {
  if (std::ssize(scores) < layers)
    throw Error("network.layers is ", layers, ", but the estimator has scores of ", scores.size(), " layers");
  for (int64_t l = 0; l < layers; ++l)
    if (scores[l].numel() != edges)
      throw Error("layer ", l, " has ", scores[l].numel(), " scores, but the attention graph ", edges, " edges");
}

}  // namespace

ScoredGraph::ScoredGraph(ops::AttentionEdges edges, LayerScores scores, int64_t layers)
    : ScoredGraph(std::move(edges), EdgeScores{std::move(scores), {}}, layers) {}

ScoredGraph::ScoredGraph(ops::AttentionEdges edges, EdgeScores scores, int64_t layers)
    : edges_(std::move(edges)), scores_(std::move(scores)), layers_(layers) {
  check_scores(scores_.shown, edges_.index.numel(), layers);
  for (const LayerScores& of_part : scores_.hiding) check_scores(of_part, edges_.index.numel(), layers);
}

ScoredGraph ScoredGraph::first_layers(int64_t layers) const {
  return scores_.shown.empty() ? ScoredGraph(edges_, layers) : ScoredGraph(edges_, scores_, layers);
}

at::Tensor ScoredGraph::scores(int64_t layer, int part) const {
  return scores_.shown.empty() ? at::Tensor() : scores_.of(part)[layer];
}

ScoredGraph::ScoredGraph(ops::AttentionEdges edges, int64_t layers) : edges_(std::move(edges)), layers_(layers) {}

}  // namespace graphsieve
