// SPDX-License-Identifier: Apache-2.0
// The input and the result of every method of compression. Each method has a file of its own; methods.cc lists the
// methods.
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

/// The network to compress, the options, and what flows through the network.
struct CompressTask {
  const NetworkMaps& wide;               ///< maps of the wide network, float64
  const at::Tensor& outer;               ///< [n, outer width], output of the wide network's input layers, float64
  const std::vector<LayerEdges>& edges;  ///< edges of each layer for all nodes, from the run's best epoch
  const Trace& trace;                    ///< trace of `wide`, with scores
  const CompressOptions& options;
  Observer& observer;
  LoadedRun* run;      ///< run with its network; of the methods, only distilled and auto use this and the next two
  const Split* split;  ///< split of the run
  std::function<void(const EpochRecord&)> record;  ///< called for each epoch of training
};

/// Returns the metric of the run's task on the validation nodes for these logits.
double validation(const CompressTask& task, const at::Tensor& logits);

/// A compressed network.
struct Compression {
  NetworkMaps maps;                  ///< maps of the narrow network, float64
  bool attention_alone = false;      ///< true: only queries and keys differ from the wide network
  nn::Transformer network{nullptr};  ///< the trained network; empty: the network has to be made of `maps`
  at::Tensor outer;                  ///< output of the trained network's input layers, float64; undefined: the task's
  nlohmann::json assumption;  ///< measured assumption; "holds": true, false, or null if the method assumes nothing
  nlohmann::json promise;     ///< bound of the theorem under this assumption, with its constants
};

/// Returns the compressed network's logits, float64.
at::Tensor outputs(const CompressTask& task, const Compression& found);

/// A method of compression. Throws Error, naming the reason, if the network or the width does not allow the method.
using CompressMethod = Compression (*)(const CompressTask& task);

Compression compress_jl(const CompressTask& task);         ///< Theorem 3.3
Compression compress_exact(const CompressTask& task);      ///< Proposition 4.1
Compression compress_low_rank(const CompressTask& task);   ///< Theorem 4.2
Compression compress_leverage(const CompressTask& task);   ///< Proposition 4.3
Compression compress_cluster(const CompressTask& task);    ///< Theorem 4.4
Compression compress_fitted(const CompressTask& task);     ///< maps fitted to the data
Compression compress_distilled(const CompressTask& task);  ///< fitted, then trained against the wide network
Compression compress_auto(const CompressTask& task);       ///< smallest width for which fitted or distilled suffices

/// Returns the method of this name. Throws Error, naming the known methods, if there is none.
CompressMethod method_of(const std::string& name);

}  // namespace graphsieve
