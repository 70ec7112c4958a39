// metrics.jsonl of a run folder: one JSON line per epoch.
#pragma once

#include <filesystem>
#include <fstream>

#include "graphsieve/files/checksum.h"
#include "graphsieve/run/figures.h"

namespace graphsieve {

/// Lines are on disk at once, so that a run can be watched; the file lies in the unfinished folder. Throws Error where it
/// cannot be written.
class MetricsFile {
 public:
  /// Goes on after the first `bytes` bytes, what is behind them is dropped; 0: anew.
  MetricsFile(const std::filesystem::path& path, int64_t bytes);
  void write(const EpochRecord& record);
  int64_t bytes() const { return bytes_; }
  /// Length and checksum of what was written so far.
  FileRecord record() const { return {bytes_, checksum_.text()}; }
  /// Down to the disk: before a checkpoint that goes on from here.
  void sync() const;

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  int64_t bytes_;
  Checksum checksum_;
};

}  // namespace graphsieve
