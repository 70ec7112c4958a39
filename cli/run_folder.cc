#include "run_folder.h"

#include <fstream>

#include "graphsieve/base/error.h"
#include "graphsieve/io/atomic_file.h"

namespace graphsieve {

nlohmann::json read_result(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "result.json";
  std::ifstream file(path);
  if (!file) throw Error(folder.string(), ": not a run folder; expected one with a result.json");
  nlohmann::json result = nlohmann::json::parse(file, nullptr, false);
  if (!result.is_object()) throw Error(path.string(), ": not a JSON object");
  return result;
}

std::filesystem::path folder_path(const std::string& typed) {
  const std::filesystem::path path = std::filesystem::path(typed).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

std::filesystem::path next_free(const std::filesystem::path& prefix) {
  for (int number = 1;; ++number) {
    std::filesystem::path path = prefix;
    path += str("-", number);
    if (!std::filesystem::exists(path) && !std::filesystem::exists(unfinished_folder(path))) return path;
  }
}

bool is_complete(const std::filesystem::path& path) {
  return std::filesystem::exists(path / "result.json") && !std::filesystem::exists(unfinished_folder(path));
}

void refuse_existing(const std::filesystem::path& path, bool overwrite) {
  if (!overwrite && std::filesystem::exists(path)) {
    throw Error(path.string(), ": already exists; name another with --out, or replace it with --overwrite");
  }
}

}  // namespace graphsieve
