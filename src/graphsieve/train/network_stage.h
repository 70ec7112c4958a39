// SPDX-License-Identifier: Apache-2.0
// Stage 2: the wide network. Where edges are drawn it trains by batches on the drawn edges, else on all edges in each
// step.
#pragma once

#include <filesystem>

#include "graphsieve/run/figures.h"
#include "graphsieve/train/network_edges.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// The trained wide network.
struct TrainedNetwork {
  nn::Transformer network{nullptr};
  NetworkFigures figures;
};

/// Trains the wide network. `start_from`: a file network.safetensors with the weights to start from; empty: random
/// weights. Throws as train_stage.
TrainedNetwork train_network(const StageContext& context, const NetworkEdges& edges,
                             const std::filesystem::path& start_from);

}  // namespace graphsieve
