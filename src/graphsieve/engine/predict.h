// SPDX-License-Identifier: Apache-2.0
// Predictions of a trained run, into files or in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/run/predicted_nodes.h"

namespace graphsieve {

struct PredictRequest {
  std::filesystem::path run;         ///< a run folder (one run, not a summary of several)
  std::filesystem::path out;         ///< predictions.csv
  std::filesystem::path embeddings;  ///< .npy [nodes x width], rows by node id; empty: not written
  bool overwrite = true;             ///< replace embeddings that stand there; false: only the same ones may
  PredictedNodes predictions = PredictedNodes::kAll;
  bool raw_ids = false;        ///< predictions.csv: text ids as they are, not as spreadsheet_text.h writes them
  int64_t memory = 0;          ///< bytes to stay within; 0: no limit
  std::string device = "cpu";  ///< as for RunRequest
};

/// Writes the predictions of a trained run for `data`: the run's own graph, or a changed one. For a changed graph the
/// estimator scores the edges again, which a note says, and there is no split. Throws Error where the run has no
/// network, and where features or classes do not fit.
GRAPHSIEVE_API void predict(Dataset data, const PredictRequest& request, Observer& observer);

/// Predictions of every node in memory, row-major.
struct NodePredictions {
  int64_t nodes = 0, classes = 0, width = 0;
  std::vector<float> probabilities;  ///< [nodes, classes]
  std::vector<float> embeddings;     ///< [nodes, width]
};

/// As predict(), without files.
GRAPHSIEVE_API NodePredictions predict_nodes(Dataset data, const std::filesystem::path& run, Observer& observer,
                              const std::string& device = "cpu");

}  // namespace graphsieve
