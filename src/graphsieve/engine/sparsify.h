// SPDX-License-Identifier: Apache-2.0
// Draws the edges of one epoch by the scores of a run's estimator, and writes them as arrays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"

namespace graphsieve {

/// The edges to draw, and the folder to write.
struct SparsifyRequest {
  std::filesystem::path run;  ///< run folder with scores
  std::filesystem::path out;  ///< folder to write: layer_L_source.npy and layer_L_type.npy, [nodes, k], per layer
  bool numbered = false;      ///< write OUT-1, or OUT with the next free number
  std::vector<int64_t> k;     ///< number of edges per node, by layer; one number: for all layers; empty: the run's k
  double epsilon = 0;         ///< above 0: k is chosen from the scores by this error, as with network.epsilon
  std::string epsilon_of;     ///< error that `epsilon` bounds (network.epsilon_of); empty: the recipe's
  std::string sampler;        ///< rule of the draws (network.sampler); empty: the recipe's
  int64_t epoch = 0;          ///< epoch whose draw is written
};

/// Draws the edges of every layer, writes the folder and returns the folder's path. Throws Error if the run has no
/// scores or is damaged, if k or the sampler is invalid, or if the folder cannot be written.
GRAPHSIEVE_API std::filesystem::path sparsify(const SparsifyRequest& request, Observer& observer);

}  // namespace graphsieve
