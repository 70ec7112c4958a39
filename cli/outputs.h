// SPDX-License-Identifier: Apache-2.0
// A check that a command does not write what it reads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace graphsieve {

/// A path, with the option or argument that gave it: "--out" or "GRAPH". An empty path was not given.
struct NamedPath {
  std::string name;
  std::filesystem::path path;
};

/// Throws UsageError if two outputs, or an output and an input, are the same file or folder, however they are spelt.
void require_distinct(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs);

}  // namespace graphsieve
