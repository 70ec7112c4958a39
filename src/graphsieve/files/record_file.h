// Files of records of one size, as programs of this project write them for themselves and read them from front to back.
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

/// One record after the other, out of a file or of memory.
template <class Record>
class RecordReader {
 public:
  /// Holds about `memory` bytes of the file (at least 4 KiB, at most 1 MiB).
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
    const InputFile in(path_);  // not kept open: a merge may have thousands of runs
    const size_t bytes = in.read_at(at_, block_.data(), block_.size() * sizeof(Record));
    if (bytes % sizeof(Record) != 0) throw Error(path_, ": ends within a record");
    at_ += static_cast<int64_t>(bytes);
    here_ = {block_.data(), bytes / sizeof(Record)};
  }

  std::string path_;
  int64_t at_ = 0;  ///< where the next block begins
  std::vector<Record> block_;
  std::span<const Record> here_;  ///< not yet read: of the block, or of the memory
};

}  // namespace graphsieve
