// SPDX-License-Identifier: Apache-2.0
// The weights of a network, and the statistics of its GraphNorms, in files (safetensors).
#pragma once

#include <filesystem>

#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// Writes the network's weights and buffers by name. The file appears only when it is complete.
void write_network(const std::filesystem::path& path, const nn::Transformer& network);

/// Reads weights and buffers into a network of the shape that the written network had. Throws Error if a tensor is
/// missing, superfluous or of another shape, or if a number is not finite.
void read_network(const std::filesystem::path& path, nn::Transformer& network);

/// True if the network has GraphNorms, whose statistics depend on the graph.
bool has_graph_norms(const nn::Transformer& network);
/// From now on, the GraphNorms of the network keep the statistics of each pass in evaluation mode.
void keep_norm_statistics(const nn::Transformer& network);
/// Writes the statistics that the GraphNorms kept in the last pass of each variant (NormVariant), by the names of the
/// norms, as safetensors.
void write_norm_statistics(const std::filesystem::path& path, const nn::Transformer& network);
/// Reads statistics that write_norm_statistics() wrote and gives them to the network's GraphNorms, which use them in
/// evaluation. A variant that the file lacks gets the statistics of variant 0, or, if the file lacks that one, of the
/// first variant that it has. Throws Error if the file has none for a norm, or if one is of another shape, negative
/// where it is a variance, or not finite.
void read_norm_statistics(const std::filesystem::path& path, const nn::Transformer& network);

/// Number of variants of passes over one graph: variant 0 shows all inputs, and variant p + 1 hides the labels of part
/// p (inputs/label_inputs.h). GraphNorms keep the statistics of each variant apart: statistics of a pass that shows a
/// node's label would carry that label into a pass that hides it.
constexpr int kNormVariants = kLabelParts + 1;

/// While the object lives, passes through the network are those of one variant; afterwards they are of variant 0.
class NormVariant {
 public:
  NormVariant(const nn::Transformer& network, int variant);
  ~NormVariant();
  NormVariant(const NormVariant&) = delete;
  NormVariant& operator=(const NormVariant&) = delete;

 private:
  const nn::Transformer& network_;
};

}  // namespace graphsieve
