// SPDX-License-Identifier: Apache-2.0
// What every compression takes and gives. One file a method; methods.cc names them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/base/observer.h"
#include "graphsieve/compress/compress.h"
#include "graphsieve/compress/network_maps.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/run/figures.h"

namespace graphsieve {

struct CompressTask {
  const NetworkMaps& wide;               ///< float64
  const at::Tensor& outer;               ///< what the wide network's input layers give [n, outer width], float64
  const std::vector<LayerEdges>& edges;  ///< the whole graph, of the run's best epoch
  const Trace& trace;                    ///< of `wide`, with scores
  const CompressOptions& options;
  Observer& observer;
  LoadedRun* run;  ///< with its network; of distilled and auto, as what follows
  const Split* split;
  std::function<void(const EpochRecord&)> record;  ///< of epochs, where there is training
};

/// Validation value of logits under the task's metric.
double validation(const CompressTask& task, const at::Tensor& logits);

struct Compression {
  NetworkMaps maps;                  ///< float64
  bool attention_alone = false;      ///< all but queries and keys are the wide network's
  nn::Transformer network{nullptr};  ///< where training made it; else it is made of the maps
  at::Tensor outer;                  ///< what that network's input layers give, float64; else the task's
  nlohmann::json assumption;         ///< what the method assumes, measured; "holds": true, false or null (none is made)
  nlohmann::json promise;            ///< what the theorem then says, with its constants
};

/// The compressed network's logits, float64.
at::Tensor outputs(const CompressTask& task, const Compression& found);

/// Each throws Error where the network or the width does not allow it, saying what stands in the way.
using CompressMethod = Compression (*)(const CompressTask& task);

Compression compress_jl(const CompressTask& task);         ///< Theorem 3.3
Compression compress_exact(const CompressTask& task);      ///< Proposition 4.1
Compression compress_low_rank(const CompressTask& task);   ///< Theorem 4.2
Compression compress_leverage(const CompressTask& task);   ///< Proposition 4.3
Compression compress_cluster(const CompressTask& task);    ///< Theorem 4.4
Compression compress_fitted(const CompressTask& task);     ///< maps fitted to the data
Compression compress_distilled(const CompressTask& task);  ///< fitted, then trained against the wide network
Compression compress_auto(const CompressTask& task);       ///< the smallest of these within a given loss

/// Throws Error naming the known ones.
CompressMethod method_of(const std::string& name);

}  // namespace graphsieve
