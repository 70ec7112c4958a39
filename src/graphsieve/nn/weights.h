// SPDX-License-Identifier: Apache-2.0
// A network's weights in a file (safetensors).
#pragma once

#include <filesystem>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// Writes the network's weights and buffers by name. The file appears when it is complete.
void write_network(const std::filesystem::path& path, const nn::Transformer& network);

/// Reads the weights and buffers of a network of the same shape. Throws Error on a missing, superfluous or misshapen
/// tensor, and on a number that is not finite.
void read_network(const std::filesystem::path& path, nn::Transformer& network);

}  // namespace graphsieve
