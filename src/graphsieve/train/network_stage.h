// Stage 2: the wide network. Spexphormer on the edges drawn by the estimator's scores, by batches; Exphormer and the plain
// transformer on all edges.
#pragma once

#include "graphsieve/run/figures.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

struct TrainedNetwork {
  nn::Transformer network{nullptr};
  NetworkFigures figures;
};

/// `scores`: one a layer, empty for the models that take all edges. `start_from`: a network.safetensors with the weights to
/// start from; empty: random ones.
TrainedNetwork train_network(const StageContext& context, const PreparedGraph& graph,
                             const std::vector<at::Tensor>& scores, const std::filesystem::path& start_from);

/// Throws Error unless there are scores of every layer and edge.
void check_scores(const Recipe& recipe, const PreparedGraph& graph, const std::vector<at::Tensor>& scores);

/// The whole graph as the network sees it in `epoch` (all edges, or that epoch's draw).
NetworkInput network_input(const Recipe& recipe, const PreparedData& data, const PreparedGraph& graph,
                           const std::vector<at::Tensor>& scores, uint64_t seed, int64_t epoch);

/// Probabilities of `nodes` in `epoch`: from the whole graph, or from what is around them where that is less work.
Probabilities network_probabilities(nn::Transformer& network, const Recipe& recipe, const PreparedData& data,
                                    const PreparedGraph& graph, const std::vector<at::Tensor>& scores, uint64_t seed,
                                    int64_t epoch, const std::vector<int32_t>& nodes);

}  // namespace graphsieve
