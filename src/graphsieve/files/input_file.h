// SPDX-License-Identifier: Apache-2.0
// A file that is open for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// A regular file that stays open until the object is destroyed. Throws Error, naming the file and the system's reason,
/// if the file cannot be opened or read. Also throws if the path leads to a folder, a pipe, a socket or a device, since
/// reading such a file might never end.
class GRAPHSIEVE_API InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return descriptor_; }
  /// Returns the size of the file in bytes when it was opened.
  int64_t bytes() const { return bytes_; }
  /// Reads the next bytes, at most `most`, into `data`. Returns their number, which is 0 at the end of the file.
  size_t read(void* data, size_t most) const;
  /// Reads the bytes from position `at` on, at most `most`, into `data`. Returns their number, which is less than
  /// `most` only at the end of the file.
  size_t read_at(int64_t at, void* data, size_t most) const;
  /// Returns the rest of the file as it is now.
  std::string read() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t bytes_ = 0;
};

}  // namespace graphsieve
