// The figures that training leaves in result.json and metrics.jsonl.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/files/json_file.h"
#include "graphsieve/nn/norms.h"

namespace graphsieve {

/// Figures of one epoch: a line of metrics.jsonl.
struct EpochRecord {
  std::string stage;
  int64_t start = 0;  ///< number of the estimator's restart, from 0
  int64_t epoch = 0;
  double learning_rate = 0, temperature = 1, loss = 0, grad_norm = 0;
  bool evaluated = false;
  double val = 0, test = 0;  ///< the metric, where evaluated
  std::vector<std::pair<std::string, double>> operator_norms;  ///< by the name of the linear map, where they are recorded
  std::vector<VectorNorms> vector_norms;                       ///< of the vectors that enter each layer, in the evaluation
};

/// What training one stage came to and cost.
struct StageFigures {
  int64_t epochs = 0, best_epoch = 0, parameters = 0;
  double val = 0, test = 0;       ///< the metric at the best epoch
  double seconds = 0;
  double sampling_seconds = 0;    ///< spent on drawing edges and expanding batches
  double waiting_seconds = 0;     ///< that steps waited for their batches
  int64_t peak_tensor_bytes = 0;           ///< of tensors in the host's memory
  int64_t peak_device = 0;                 ///< bytes of tensors on a GPU
  int64_t peak_ram = 0, peak_scratch = 0;  ///< bytes of large arrays, with freed ones that wait for reuse (base/large_memory.h)
  int64_t resident_at_start = 0, peak_resident = 0;
  // As train/policy.h decided.
  bool draws_whole_graph = false;  ///< edges were drawn for all nodes at the beginning of an epoch
  int64_t batches_per_read = 1;    ///< batches whose features were read in one pass
  int64_t evaluated_at_once = 0;   ///< nodes that were evaluated at once with their neighbourhoods; 0: the whole graph
};

/// What training the wide network came to and cost.
struct NetworkFigures : StageFigures {
  std::vector<int64_t> edges_per_layer;        ///< number drawn for the whole graph
  double edge_share = 1;                       ///< distinct drawn edges over all edges, mean of the layers
};

/// The figures as a member of result.json, and back.
nlohmann::json stage_json(const StageFigures& figures);
StageFigures stage_figures(const JsonObject& json);

}  // namespace graphsieve
