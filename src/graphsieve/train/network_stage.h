// Stage 2: the wide network. Spexphormer on the edges drawn by the estimator's scores, by batches; Exphormer and the plain
// transformer on all edges.
#pragma once

#include "graphsieve/run/figures.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// The trained wide network.
struct TrainedNetwork {
  nn::Transformer network{nullptr};
  NetworkFigures figures;
};

/// Trains the wide network. `scores`: one tensor per layer; empty for the models that use all edges. `start_from`: a file
/// network.safetensors with the weights to start from; empty: random weights. Throws as train_stage.
TrainedNetwork train_network(const StageContext& context, const PreparedGraph& graph,
                             const std::vector<at::Tensor>& scores, const std::filesystem::path& start_from);

/// Throws Error unless there is one score for every layer and edge.
void check_scores(const Recipe& recipe, const PreparedGraph& graph, const std::vector<at::Tensor>& scores);

/// The whole graph as the network sees it in `epoch` (all edges, or that epoch's draw).
NetworkInput network_input(const Recipe& recipe, const PreparedData& data, const PreparedGraph& graph,
                           const std::vector<at::Tensor>& scores, uint64_t seed, int64_t epoch);

/// Predictions for `nodes` with the edges of `epoch`, computed from the whole graph, or from the neighbourhoods of
/// `nodes` where that is less work.
Predictions network_predictions(nn::Transformer& network, const Recipe& recipe, const PreparedData& data, const Task& task,
                                const PreparedGraph& graph, const std::vector<at::Tensor>& scores, uint64_t seed,
                                int64_t epoch, const std::vector<int32_t>& nodes);

}  // namespace graphsieve
