// SPDX-License-Identifier: Apache-2.0
// The weights of a network in a file (safetensors).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

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
/// Writes the statistics that the GraphNorms kept in the last pass, by the names of the norms, as safetensors.
void write_norm_statistics(const std::filesystem::path& path, const nn::Transformer& network);
/// Reads statistics that write_norm_statistics() wrote and gives them to the network's GraphNorms, which use them in
/// evaluation. Throws Error if one is missing, of another shape, negative where it is a variance, or not finite.
void read_norm_statistics(const std::filesystem::path& path, const nn::Transformer& network);

/// While the object lives, the GraphNorms of a network use the statistics of one pass, so that several passes that show
/// different labels of one graph differ in nothing else. GraphNorms that were given statistics before keep those.
class SharedNormStatistics {
 public:
  /// `pass` makes the pass, in evaluation mode.
  SharedNormStatistics(nn::Transformer& network, const std::function<void()>& pass);
  ~SharedNormStatistics();
  SharedNormStatistics(const SharedNormStatistics&) = delete;
  SharedNormStatistics& operator=(const SharedNormStatistics&) = delete;

 private:
  std::vector<std::shared_ptr<nn::NormImpl>> given_;  ///< the norms that this object has given statistics
};

}  // namespace graphsieve
