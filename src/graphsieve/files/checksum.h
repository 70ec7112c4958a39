// XXH3 (64 bits) checksums, as 16 hexadecimal digits. They detect damage, not forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace graphsieve {

/// The checksum of bytes that come in pieces: Checksum().add("ab").add("c").text() is that of "abc". Never allocates.
class Checksum {
 public:
  Checksum();
  Checksum& add(const void* data, size_t size);
  Checksum& add(std::string_view text) { return add(text.data(), text.size()); }
  /// Of what was added so far; more may be added afterwards.
  std::string text() const;

 private:
  alignas(64) std::byte state_[576];
};

/// Length and checksum of a file.
struct FileRecord {
  int64_t bytes = 0;
  std::string xxh3;
  bool operator==(const FileRecord&) const = default;
};

/// Reads a file once, from its beginning, in pieces of 1 MiB (about 5 GB/s from the page cache); `most` bytes of it,
/// −1: all. Throws Error naming the file where it cannot be read. A file that is shorter than `most` gives its own
/// length.
FileRecord file_record(const std::filesystem::path& path, int64_t most = -1);

/// Throws Error, "FILE: is damaged: …", unless the file's first `expected.bytes` bytes have that checksum; and, unless
/// it `may_grow`, unless there are no more.
void verify_file(const std::filesystem::path& path, const FileRecord& expected, bool may_grow = false);

/// The same of bytes that were read from the file.
void verify_bytes(std::string_view bytes, const FileRecord& expected, const std::filesystem::path& path);

}  // namespace graphsieve
