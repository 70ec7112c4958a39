// SPDX-License-Identifier: Apache-2.0
// The edges that a run's estimator draws in one epoch, as arrays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"

namespace graphsieve {

struct SparsifyRequest {
  std::filesystem::path run;  ///< run folder with scores
  std::filesystem::path out;  ///< new folder: layer_L_source.npy and layer_L_type.npy, [nodes x k]
  bool numbered = false;      ///< write OUT-1, or the next free number
  std::vector<int64_t> k;     ///< empty: the recipe's
  double epsilon = 0;         ///< above 0: k is chosen, as network.epsilon does
  std::string epsilon_of;     ///< empty: the recipe's
  std::string sampler;        ///< empty: the recipe's
  int64_t epoch = 0;          ///< the draw of this epoch
};

/// Draws the edges of every layer, writes the folder and returns its path. Throws Error where the run has no scores, is
/// damaged, or the folder cannot be written.
GRAPHSIEVE_API std::filesystem::path sparsify(const SparsifyRequest& request, Observer& observer);

}  // namespace graphsieve
