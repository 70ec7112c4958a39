// SPDX-License-Identifier: Apache-2.0
// What came out of a compression: errors of outputs and attention, the metric, sizes and time.
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// "output_error", "attention", "narrow" and "wide" (metric, parameters, bytes, multiply-adds, seconds).
nlohmann::json measured(const CompressTask& task, Compression& found);

/// Multiply-adds of one prediction over the whole graph.
int64_t multiply_adds(const nn::TransformerShape& shape, const FeatureMatrix& features,
                      const std::vector<LayerEdges>& edges);

}  // namespace graphsieve
