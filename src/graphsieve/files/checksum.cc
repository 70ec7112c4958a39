// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/checksum.h"

#define XXH_STATIC_LINKING_ONLY  // declares the size of the state, which Checksum holds
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <new>

#include "graphsieve/base/error.h"
#include "graphsieve/files/input_file.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPiece = size_t{1} << 20;

/// Returns the state that Checksum keeps in its byte array.
XXH3_state_t* state_of(const std::byte* bytes) {
  return std::launder(reinterpret_cast<XXH3_state_t*>(const_cast<std::byte*>(bytes)));
}

/// Throws the Error of a file whose length or checksum is not the expected one.
[[noreturn]] void damaged(const fs::path& path, const FileRecord& expected, const FileRecord& found) {
  if (found.bytes != expected.bytes)
    throw Error(path.string(), ": is damaged: ", found.bytes, " bytes, expected ", expected.bytes);
  throw Error(path.string(), ": is damaged, or was changed: its checksum is ", found.xxh3, ", expected ",
              expected.xxh3);
}

}  // namespace

Checksum::Checksum() {
  static_assert(sizeof(XXH3_state_t) <= sizeof state_ && alignof(XXH3_state_t) <= 64);
  XXH3_64bits_reset(new (state_) XXH3_state_t);
}

Checksum& Checksum::add(const void* data, size_t size) {
  if (size > 0) XXH3_64bits_update(state_of(state_), data, size);
  return *this;
}

std::string Checksum::text() const { return fmt::format("{:016x}", XXH3_64bits_digest(state_of(state_))); }

FileRecord file_record(const fs::path& path, int64_t most) {
  const InputFile file(path);
  const auto piece = std::make_unique_for_overwrite<std::byte[]>(kPiece);
  Checksum checksum;
  FileRecord found;
  while (most < 0 || found.bytes < most) {
    const size_t got =
        file.read(piece.get(), most < 0 ? kPiece : std::min(kPiece, static_cast<size_t>(most - found.bytes)));
    if (got == 0) break;
    checksum.add(piece.get(), got);
    found.bytes += static_cast<int64_t>(got);
  }
  found.xxh3 = checksum.text();
  return found;
}

void verify_file(const fs::path& path, const FileRecord& expected, bool may_grow) {
  const FileRecord found = file_record(path, may_grow ? expected.bytes : -1);
  if (found != expected) damaged(path, expected, found);
}

void verify_bytes(std::string_view bytes, const FileRecord& expected, const fs::path& path) {
  const FileRecord found{static_cast<int64_t>(bytes.size()), Checksum().add(bytes).text()};
  if (found != expected) damaged(path, expected, found);
}

}  // namespace graphsieve
