// SPDX-License-Identifier: Apache-2.0
#include "run_folder.h"

#include "graphsieve/base/error.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

std::filesystem::path folder_path(const std::string& typed) {
  const std::filesystem::path path = std::filesystem::path(typed).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

namespace {

void refuse_existing(const std::filesystem::path& path, bool overwrite, const char* option) {
  if (!overwrite)
    throw Error(path.string(), ": already exists; name another with ", option, ", or replace it with --overwrite");
}

}  // namespace

void refuse_existing_folder(const std::filesystem::path& path, bool overwrite, FolderKind kind,
                            const std::vector<std::filesystem::path>& inputs) {
  if (path.empty() || !entry_exists(path)) return;
  refuse_existing(path, overwrite, "--out");
  require_replaceable_folder(path, kind, inputs);
}

void refuse_existing_file(const std::filesystem::path& path, bool overwrite,
                          const std::vector<std::filesystem::path>& inputs, const char* option) {
  if (!entry_exists(path)) return;
  refuse_existing(path, overwrite, option);
  require_replaceable_file(path, inputs);
}

}  // namespace graphsieve
