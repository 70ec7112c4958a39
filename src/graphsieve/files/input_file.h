// A file that is open for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace graphsieve {

/// A regular file, open until the object is destroyed. Throws Error, naming the file and the system's reason, where the
/// file cannot be opened or read, and where the path leads to a folder, a pipe, a socket or a device: reading those
/// might never end.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return descriptor_; }
  /// Bytes when it was opened.
  int64_t bytes() const { return bytes_; }
  /// The next bytes, `most` at most, to `data`; their number, 0 at the end.
  size_t read(void* data, size_t most) const;
  /// All bytes from the `at`-th on, `most` at most, to `data`; their number, which is smaller only at the file's end.
  size_t read_at(int64_t at, void* data, size_t most) const;
  /// The rest of the file as it is now.
  std::string read() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t bytes_ = 0;
};

}  // namespace graphsieve
