// SPDX-License-Identifier: Apache-2.0
// The weights of a network in a file (safetensors).
#pragma once

#include <filesystem>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// Writes the network's weights and buffers by name. The file appears only when it is complete.
void write_network(const std::filesystem::path& path, const nn::Transformer& network);

/// Reads weights and buffers into a network of the shape that the written network had. Throws Error if a tensor is
/// missing, superfluous or of another shape, or if a number is not finite.
void read_network(const std::filesystem::path& path, nn::Transformer& network);

}  // namespace graphsieve
