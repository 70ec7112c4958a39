// Run folders: what is read of them, and names for new ones.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/files/owned_folder.h"

#include "graphsieve/run/result_file.h"

namespace graphsieve {

/// The path as typed, less slashes at its end; "" stays "".
std::filesystem::path folder_path(const std::string& typed);

/// Throws Error if the folder exists and may not be replaced by one of that kind; called before long work, which checks again.
void refuse_existing_folder(const std::filesystem::path& path, bool overwrite, FolderKind kind,
                            const std::vector<std::filesystem::path>& inputs);

/// Throws Error if something stands at the path that may not be replaced by a file. `option` names the path on the command line.
void refuse_existing_file(const std::filesystem::path& path, bool overwrite,
                          const std::vector<std::filesystem::path>& inputs, const char* option = "--out");

/// Prints the result as JSON, or as a table of its runs and the folder's path.
void print_result(const std::filesystem::path& folder, bool json);

}  // namespace graphsieve
