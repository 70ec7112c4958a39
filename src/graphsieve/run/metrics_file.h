// SPDX-License-Identifier: Apache-2.0
// The file metrics.jsonl of a run folder, with one JSON line per epoch.
#pragma once

#include <filesystem>
#include <fstream>

#include "graphsieve/files/checksum.h"
#include "graphsieve/run/figures.h"

namespace graphsieve {

/// Writes metrics.jsonl in the unfinished folder. Each line is written at once, so that a run can be watched. Throws
/// Error if the file cannot be written.
class MetricsFile {
 public:
  /// Continues after the first `bytes` bytes and removes the rest of the file; 0: begins a new file. Throws Error if
  /// the file is shorter.
  MetricsFile(const std::filesystem::path& path, int64_t bytes);
  void write(const EpochRecord& record);
  int64_t bytes() const { return bytes_; }
  /// Returns the length and checksum of the lines so far.
  FileRecord record() const { return {bytes_, checksum_.text()}; }
  /// Flushes the file to the disk, before a checkpoint that refers to it.
  void sync() const;

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  int64_t bytes_;
  Checksum checksum_;
};

}  // namespace graphsieve
