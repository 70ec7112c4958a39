// SPDX-License-Identifier: Apache-2.0
// Paths of run folders and other outputs on the command line, and the table printed after a run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/files/owned_folder.h"

#include "graphsieve/run/result_file.h"

namespace graphsieve {

/// Returns the path as typed, without slashes at its end; "" stays "".
std::filesystem::path folder_path(const std::string& typed);

/// Throws Error if the folder exists and may not be replaced by a folder of that kind. It is called before long work,
/// which makes the check again.
void refuse_existing_folder(const std::filesystem::path& path, bool overwrite, FolderKind kind,
                            const std::vector<std::filesystem::path>& inputs);

/// Throws Error if something exists at the path that may not be replaced by a file. `option` names the path on the
/// command line.
void refuse_existing_file(const std::filesystem::path& path, bool overwrite,
                          const std::vector<std::filesystem::path>& inputs, const char* option = "--out");

/// Prints the result of a run as JSON, or as a table of its runs and the path of the folder.
void print_result(const std::filesystem::path& folder, bool json);

}  // namespace graphsieve
