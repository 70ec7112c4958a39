// SPDX-License-Identifier: Apache-2.0
// Files with checksums: any bit that is turned round and any cut is noticed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>

#include "graphsieve/datasets/generate.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/files/atomic_file.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// A small graph folder that the tests of this file damage and mend.
class Written {
 public:
  Written() {
    write_graph_folder(generate_minesweeper(3, 6), path(), {});
    for (const auto& entry : fs::directory_iterator(path()))
      if (entry.path().filename() != kGraphCard) files_.push_back(entry.path());
    std::sort(files_.begin(), files_.end());
  }
  fs::path path() const { return dir_ / "graph"; }
  const std::vector<fs::path>& files() const { return files_; }

 private:
  TempDir dir_;
  std::vector<fs::path> files_;
};

void put(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// The message of the check after the file's bytes were replaced; the file is mended afterwards.
std::string refusal(const Written& folder, const fs::path& file, const std::string& damaged) {
  const std::string bytes = read_text_file(file);
  put(file, damaged);
  const std::string message = error_of([&] { verify_graph_folder(folder.path()); });
  put(file, bytes);
  return message;
}

RC_GTEST_PROP(DamageProperty, OfAnyBitOfAGraphFolderIsNoticed, ()) {
  static const Written folder;
  const fs::path file = *rc::gen::elementOf(folder.files());
  std::string bytes = read_text_file(file);
  const size_t at = *rc::gen::inRange<size_t>(0, bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 1 << *rc::gen::inRange(0, 8));
  RC_ASSERT(refusal(folder, file, bytes).find(file.filename().string()) != std::string::npos);
}

RC_GTEST_PROP(DamageProperty, OfAnyLengthOfAGraphFoldersFileIsNoticed, ()) {
  static const Written folder;
  const fs::path file = *rc::gen::elementOf(folder.files());
  std::string bytes = read_text_file(file);
  const size_t length = *rc::gen::inRange<size_t>(0, bytes.size() + 8);
  if (length == bytes.size()) return;
  bytes.resize(length);
  RC_ASSERT(refusal(folder, file, bytes).find(file.filename().string()) != std::string::npos);
}

}  // namespace
}  // namespace graphsieve
