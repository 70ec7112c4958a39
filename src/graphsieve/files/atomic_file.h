// Files that appear under their names only when they are complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// What becomes of a regular file that stands at the target.
enum class Existing {
  kReplace,
  kSame,  ///< it stays where its bytes are the same; else commit() throws Error
};

/// Writes beside the target under a temporary name (files/partial.h). commit() flushes to the disk and renames; without it the
/// destructor removes the temporary file and the target is as before. A folder, a link and a device at the target are never replaced. Every failure is an Error naming the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path, Existing existing = Existing::kReplace);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  AtomicFile& write(const void* data, size_t size);
  AtomicFile& write(std::string_view text) { return write(text.data(), text.size()); }

  /// Writes over the file's first bytes, which must have been written.
  void replace_start(std::string_view text);

  /// Once, as the last call.
  void commit();

 private:
  [[noreturn]] void fail(const char* what);
  void flush();

  std::filesystem::path path_, target_, temporary_;
  Existing existing_;
  std::vector<char> buffer_;
  int descriptor_ = -1;
};

/// The whole file at once, through AtomicFile.
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// The whole file. Throws Error naming it and the reason, also where it has more than `most_bytes`.
std::string read_text_file(const std::filesystem::path& path,
                           int64_t most_bytes = std::numeric_limits<int64_t>::max());

}  // namespace graphsieve
