// SPDX-License-Identifier: Apache-2.0
// Checksums of files and bytes: XXH3 with 64 bits, written as 16 hexadecimal digits. They detect damage, not forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace graphsieve {

/// Computes the checksum of bytes that arrive in pieces: Checksum().add("ab").add("c").text() is the checksum of "abc".
/// It never allocates memory.
class Checksum {
 public:
  Checksum();
  Checksum& add(const void* data, size_t size);
  Checksum& add(std::string_view text) { return add(text.data(), text.size()); }
  /// Returns the checksum of all bytes added so far. More bytes may be added afterwards.
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

/// Returns the length and checksum of a file, or of its first `most` bytes (−1: all). A file that is shorter than
/// `most` gives its own length. The file is read once, in pieces of 1 MiB (about 5 GB/s from the page cache). Throws
/// Error naming the file if it cannot be read.
FileRecord file_record(const std::filesystem::path& path, int64_t most = -1);

/// Throws Error "FILE: is damaged: …" if the checksum of the file's first `expected.bytes` bytes differs from the
/// expected one. Unless the file `may_grow`, it must also have no more bytes.
void verify_file(const std::filesystem::path& path, const FileRecord& expected, bool may_grow = false);

/// Throws the Error of verify_file() if `bytes`, the content read from the file `path`, differ from the expected
/// record.
void verify_bytes(std::string_view bytes, const FileRecord& expected, const std::filesystem::path& path);

}  // namespace graphsieve
