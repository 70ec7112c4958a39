// Attention scores of every edge and layer: one pass of a trained network over the whole graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <vector>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/run/run_files.h"

namespace graphsieve {

/// Calls piece(layer, first edge, float32 [edges]) for all edges of all layers, in order; the mean where there are several
/// heads. The network is put into evaluation mode.
void each_attention_score(nn::Transformer& network, double temperature, const NetworkInput& input,
                          const std::function<void(int64_t layer, int64_t first, const at::Tensor& scores)>& piece);

/// All of them in memory: float32 [edges] a layer.
std::vector<at::Tensor> attention_scores(nn::Transformer& network, double temperature, const NetworkInput& input);

/// Into a folder, with no more than a piece in memory: layer_L.npy, and the attention graph they belong to, row_start.npy,
/// source.npy, type.npy.
void write_scores(const std::filesystem::path& folder, nn::Transformer& network, double temperature,
                  const NetworkInput& input, const AttentionGraph& graph);

/// The layers' scores of such a folder, mapped. Throws Error, naming the file, where one is missing, is no list of float32, or
/// holds a score that is negative or not finite.
std::vector<at::Tensor> read_scores(const std::filesystem::path& folder);

/// The same of a run's folder "scores", verified: each file is read once for its checksum, then mapped.
std::vector<at::Tensor> read_scores(const RunFiles& run);
/// The attention graph that they belong to, verified and mapped.
ops::AttentionEdges read_score_edges(const RunFiles& run);

}  // namespace graphsieve
