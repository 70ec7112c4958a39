// metrics.jsonl: one JSON line an epoch.
#pragma once

#include <filesystem>
#include <fstream>

#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Lines are on disk at once, so that a run can be watched; the file lies in the unfinished folder. Throws Error where it
/// cannot be written.
class MetricsFile {
 public:
  explicit MetricsFile(const std::filesystem::path& path) : path_(path), file_(path) {}
  void write(const EpochRecord& record);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace graphsieve
