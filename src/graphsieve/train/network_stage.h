// SPDX-License-Identifier: Apache-2.0
// Stage 2: trains the wide network. A network that draws edges trains by mini-batches on the drawn edges; every other
// network trains on all edges in each step.
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

/// Trains the wide network. `start_from` is a file network.safetensors with the weights to start from; if it is empty,
/// training starts from random weights. Throws the errors of train_stage().
TrainedNetwork train_network(const StageContext& context, const NetworkEdges& edges,
                             const std::filesystem::path& start_from);

}  // namespace graphsieve
