// SPDX-License-Identifier: Apache-2.0
// The figures that training writes to result.json and metrics.jsonl.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/files/json_file.h"
#include "graphsieve/nn/norms.h"

namespace graphsieve {

/// The figures of one epoch, which are a line of metrics.jsonl.
struct EpochRecord {
  std::string stage;
  int64_t start = 0;  ///< number of the estimator's restart, from 0
  int64_t epoch = 0;
  double learning_rate = 0, temperature = 1, loss = 0, grad_norm = 0;
  bool evaluated = false;
  double val = 0, test = 0;                                    ///< the metric, if `evaluated`
  std::vector<std::pair<std::string, double>> operator_norms;  ///< norm by the name of the linear map, if recorded
  std::vector<VectorNorms> vector_norms;                       ///< norms of the vectors that enter each layer
  std::vector<VectorNorms> middle_norms;                       ///< norms of the vectors that enter each layer's FFN
};

/// The result and the cost of training one stage.
struct StageFigures {
  int64_t epochs = 0, best_epoch = 0, parameters = 0;
  double val = 0, test = 0;  ///< the metric at the best epoch
  double seconds = 0;
  double sampling_seconds = 0;                       ///< time for drawing edges and expanding batches
  double waiting_seconds = 0;                        ///< time that steps waited for their batches
  int64_t peak_tensor_bytes = 0;                     ///< most bytes of tensors in the host's memory
  int64_t peak_device = 0;                           ///< most bytes of tensors on a GPU
  int64_t peak_ram = 0, peak_scratch = 0;            ///< most bytes of large arrays (see MemoryUse)
  int64_t resident_at_start = 0, peak_resident = 0;  ///< resident bytes of the process: at the start, and the most
  // The decisions of train/policy.h.
  bool draws_whole_graph = false;  ///< edges were drawn for all nodes at the beginning of an epoch
  int64_t batches_per_read = 1;    ///< batches whose features were read in one pass
  int64_t evaluated_at_once = 0;   ///< nodes evaluated at a time with their neighbourhoods; 0: the whole graph
};

/// The result and the cost of training the network.
struct NetworkFigures : StageFigures {
  std::vector<int64_t> edges_per_layer;  ///< number of edges drawn for the whole graph, by layer
  double edge_share = 1;                 ///< distinct drawn edges over all edges, mean over the layers
};

/// Convert the figures to a member of result.json, and back.
nlohmann::json stage_json(const StageFigures& figures);
StageFigures stage_figures(const JsonObject& json);

}  // namespace graphsieve
