// SPDX-License-Identifier: Apache-2.0
// The attention scores of every edge and layer, computed by one pass of a trained network over the whole graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <vector>

#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/run/run_files.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// Computes the attention scores of all edges of all layers by one pass, and calls piece(layer, number of the first
/// edge, scores) for consecutive pieces in order. `scores` is float32 [edges of the piece], the mean over the heads.
/// Puts the network into evaluation mode.
void each_attention_score(nn::Transformer& network, double temperature, const NetworkInput& input,
                          const std::function<void(int64_t layer, int64_t first, const at::Tensor& scores)>& piece);

/// Returns the attention scores of all edges in memory. If labels are inputs, kLabelParts further passes hide the
/// labels of one part of the nodes each (inputs/label_inputs.h).
EdgeScores attention_scores(nn::Transformer& network, double temperature, const NetworkInput& input);

/// Writes the scores of attention_scores() into a folder, one piece at a time: layer_L.npy per layer, and
/// hiding_P_layer_L.npy for the pass that hides part P.
void write_scores(const std::filesystem::path& folder, nn::Transformer& network, double temperature,
                  const NetworkInput& input);

/// Writes the attention graph that scores belong to into their folder, row_start.npy, source.npy and type.npy, and lets
/// the graph lie in these files, which are mapped. The process then holds no memory for the graph.
void move_to_files(const std::filesystem::path& folder, PreparedGraph& graph);
/// Lets the graph lie in the files that move_to_files() has written into the folder, if they are there. Throws Error if
/// the files hold another graph.
void lie_in_files(const std::filesystem::path& folder, PreparedGraph& graph);

/// Returns the scores in a folder that write_scores() wrote, mapped. Throws Error, naming the file, if a file is
/// missing, is not a list of float32, or has a score that is negative or not finite. Folders of earlier versions have
/// no scores by part.
EdgeScores read_scores(const std::filesystem::path& folder);

/// Returns the scores in a run's subfolder "scores". Each file is read once to verify its checksum, then mapped.
EdgeScores read_scores(const RunFiles& run);
/// Returns the attention graph in a run's subfolder "scores", verified and mapped. Throws Error if its arrays do not
/// fit.
ops::AttentionEdges read_score_edges(const RunFiles& run);
/// Returns the attention graph of read_score_edges() with the scores of read_scores(). Throws Error, naming the file,
/// if a layer does not have one score per edge.
ScoredGraph read_scored_graph(const RunFiles& run);

/// Returns the scores on `device`.
EdgeScores scores_on(const EdgeScores& scores, at::Device device);

}  // namespace graphsieve
