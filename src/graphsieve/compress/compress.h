// SPDX-License-Identifier: Apache-2.0
// The command graphsieve compress: makes a trained network narrower, and writes a run folder of its own for the narrow
// network, with a report of what the method assumes, what it guarantees and what was measured ("A Theory for
// Compressibility of Graph Transformers").
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

/// The options of a compression. A method ignores options that it does not use.
struct CompressOptions {
  std::string method;               ///< jl | exact | low-rank | leverage | cluster | fitted | distilled | auto
  int64_t width = 0;                ///< width d of the narrow network; auto: largest width to try, 0: the network's
  int64_t units = 0;                ///< hidden units per layer; 0: ⌈d ln d⌉ (leverage), d (fitted, distilled)
  std::string part = "network";     ///< fitted: network | attention (only queries and keys, as with jl)
  std::string matrix = "gaussian";  ///< jl, cluster: gaussian | sign, the kind of random matrix
  std::string first_layer = "subspace";  ///< cluster: subspace | jl, the condition of Theorem 4.4 for the first layer
  int64_t tries = 20;                    ///< jl, leverage, cluster: number of random choices, of which the best is kept
  double epsilon = 0.1;                  ///< ε of the theorems' bounds
  double max_loss = 0.005;               ///< auto: largest accepted decrease of the validation metric
  int64_t epochs = 200;                  ///< distilled, auto: number of epochs of training
  double lr = 0.01;                      ///< distilled, auto: learning rate
  double attention_weight = 0.1;         ///< distilled, auto: weight of the attention's part of the loss
  uint64_t seed = 0;
};

/// The run to compress, and the folder to write.
struct CompressRequest {
  std::filesystem::path run, out;  ///< run folder to compress; run folder to write
  bool overwrite = false;          ///< replace a run folder that the program wrote
  bool numbered = false;           ///< write OUT-1, or OUT with the next free number
  CompressOptions options;
};

/// Returns the names of the methods.
GRAPHSIEVE_API const std::vector<std::string>& compress_methods();

/// Compresses the network of a run, and writes the run folder `out` with compression.json beside the usual files.
/// Returns the content of compression.json, with the path of the folder as "out"; docs/compress.md names every field.
/// Throws Error if the run, the graph or the width does not allow the method.
GRAPHSIEVE_API nlohmann::json compress(Dataset data, const CompressRequest& request, Observer& observer);

}  // namespace graphsieve
