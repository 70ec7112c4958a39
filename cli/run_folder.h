// Run folders: what is read of them, and names for new ones.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace graphsieve {

/// The folder's result.json; throws Error if it is not a run folder.
nlohmann::json read_result(const std::filesystem::path& folder);

/// The path as typed, less slashes at its end; "" stays "".
std::filesystem::path folder_path(const std::string& typed);

/// PREFIX-1, or the next number under which there is neither a folder nor an unfinished run.
std::filesystem::path next_free(const std::filesystem::path& prefix);

/// Is it a run's folder, with no unfinished run that is to replace it?
bool is_complete(const std::filesystem::path& path);

/// Throws Error if the path exists and may not be replaced; called before long work, which checks again.
void refuse_existing(const std::filesystem::path& path, bool overwrite);

/// Prints the result as JSON, or as a table of its runs and the folder's path.
void print_result(const std::filesystem::path& folder, bool json);

}  // namespace graphsieve
