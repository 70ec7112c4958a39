// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/scored_graph.h"

#include "graphsieve/base/error.h"

namespace graphsieve {

ScoredGraph::ScoredGraph(ops::AttentionEdges edges, std::vector<at::Tensor> scores, int64_t layers)
    : edges_(std::move(edges)), scores_(std::move(scores)), layers_(layers) {
  if (static_cast<int64_t>(scores_.size()) < layers)
    throw Error("network.layers is ", layers, ", but the estimator has scores of ", scores_.size(), " layers");
  for (int64_t l = 0; l < layers; ++l)
    if (scores_[l].numel() != edges_.index.numel())
      throw Error("layer ", l, " has ", scores_[l].numel(), " scores, but the attention graph ", edges_.index.numel(),
                  " edges");
}

ScoredGraph::ScoredGraph(ops::AttentionEdges edges, int64_t layers) : edges_(std::move(edges)), layers_(layers) {}

}  // namespace graphsieve
