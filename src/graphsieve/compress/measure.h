// SPDX-License-Identifier: Apache-2.0
// Measures a compressed network: errors of outputs and attention, the metric, sizes and time.
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// Returns the member "measured" of compression.json: "output_error", "attention_ratio", and for each of "narrow" and
/// "wide" the metric, parameters, bytes, multiply-adds and seconds. `found.network` must be set.
nlohmann::json measured(const CompressTask& task, Compression& found);

/// Returns the number of multiply-adds of one prediction for all nodes. `edges` has the edges of each layer.
int64_t multiply_adds(const nn::TransformerShape& shape, const FeatureMatrix& features,
                      const std::vector<LayerEdges>& edges);

}  // namespace graphsieve
