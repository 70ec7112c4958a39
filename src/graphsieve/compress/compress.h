// SPDX-License-Identifier: Apache-2.0
// graphsieve compress: a trained network made narrower, as a run folder of its own, with a report of why it can be
// trusted (paper 003).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

struct CompressOptions {
  std::string method;               ///< jl | exact | low-rank | leverage | cluster | fitted | distilled | auto
  int64_t width = 0;                ///< d; auto: the largest to try, 0 = the network's
  int64_t units = 0;                ///< of the hidden layers: leverage 0 = ⌈d ln d⌉, fitted and distilled 0 = d
  std::string part = "network";     ///< fitted: network | attention (queries and keys alone, as jl)
  std::string matrix = "gaussian";  ///< jl: gaussian | sign
  int64_t tries = 20;               ///< random choices, the best kept: jl, leverage
  double epsilon = 0.1;             ///< ε of the theorems' bounds
  double max_loss = 0.005;          ///< auto: of the validation metric
  int64_t epochs = 200;             ///< distilled, auto
  double lr = 0.01;
  double attention_weight = 0.1;  ///< of the attention's part of the loss
  uint64_t seed = 0;
};

struct CompressRequest {
  std::filesystem::path run, out;
  bool overwrite = false;  ///< replace a run folder of the program's
  bool numbered = false;   ///< write OUT-1, or the next free number
  CompressOptions options;
};

/// The names of the methods.
GRAPHSIEVE_API const std::vector<std::string>& compress_methods();

/// Writes the run folder `out` with compression.json beside the usual files, and returns that report, with the folder
/// as "out"; docs/compress.md names every field. Throws Error where the run, the graph or the width does not allow the
/// method.
GRAPHSIEVE_API nlohmann::json compress(Dataset data, const CompressRequest& request, Observer& observer);

}  // namespace graphsieve
