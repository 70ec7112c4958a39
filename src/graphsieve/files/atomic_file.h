// SPDX-License-Identifier: Apache-2.0
// Files that appear under their names only when they are complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// How AtomicFile treats a regular file that already exists at the target.
enum class Existing {
  kReplace,  ///< replace the old file
  kSame,     ///< keep the old file if the new one has the same bytes; otherwise commit() throws Error
};

/// Writes a file beside the target under a temporary name (files/partial.h). commit() flushes the file to the disk and
/// renames it to the target. Without commit(), the destructor removes the temporary file and the target stays as it
/// was. A folder, a symbolic link or a device at the target is never replaced. Every failure is an Error that names the
/// target.
class GRAPHSIEVE_API AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path, Existing existing = Existing::kReplace);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  AtomicFile& write(const void* data, size_t size);
  AtomicFile& write(std::string_view text) { return write(text.data(), text.size()); }

  /// Overwrites the first bytes of the file with `text`. These bytes must have been written before.
  void replace_start(std::string_view text);

  /// Completes the file. It is called at most once, after everything has been written. Throws Error if a mapped file
  /// became shorter meanwhile (base/mapped_range.h).
  void commit();

 private:
  [[noreturn]] void fail(const char* what);
  void flush();

  std::filesystem::path path_, target_, temporary_;
  Existing existing_;
  std::vector<char> buffer_;
  int descriptor_ = -1;
};

/// Writes the whole file through AtomicFile.
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// Returns the content of the whole file. Throws Error naming the file and the reason if it cannot be read, or if it
/// has more than `most_bytes` bytes.
std::string read_text_file(const std::filesystem::path& path, int64_t most_bytes = std::numeric_limits<int64_t>::max());

}  // namespace graphsieve
