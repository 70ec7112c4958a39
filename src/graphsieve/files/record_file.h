// SPDX-License-Identifier: Apache-2.0
// Files of records of one size, which the program writes for its own use and reads from front to back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/input_file.h"

namespace graphsieve {

/// Reads one record after the other, from a file or from memory.
template <class Record>
class RecordReader {
 public:
  /// Keeps about `memory` bytes of the file in memory (at least 4 KiB, at most 1 MiB).
  RecordReader(const std::filesystem::path& file, int64_t memory) : path_(file.string()) {
    block_.resize(static_cast<size_t>(std::clamp<int64_t>(memory, 4 << 10, 1 << 20)) / sizeof(Record));
    fill();
  }
  explicit RecordReader(std::span<const Record> records) : here_(records) {}

  bool done() const { return here_.empty(); }
  const Record& head() const { return here_.front(); }
  void next() {
    here_ = here_.subspan(1);
    if (here_.empty() && !block_.empty()) fill();
  }

 private:
  void fill() {
    const InputFile in(path_);  // the file is not kept open, since a merge may have thousands of runs
    const size_t bytes = in.read_at(at_, block_.data(), block_.size() * sizeof(Record));
    if (bytes % sizeof(Record) != 0) throw Error(path_, ": ends within a record");
    at_ += static_cast<int64_t>(bytes);
    here_ = {block_.data(), bytes / sizeof(Record)};
  }

  std::string path_;
  int64_t at_ = 0;  ///< position in the file of the next block
  std::vector<Record> block_;
  std::span<const Record> here_;  ///< records not yet read, of the block or of the memory
};

}  // namespace graphsieve
