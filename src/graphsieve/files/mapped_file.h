// SPDX-License-Identifier: Apache-2.0
// Files mapped into memory: the system reads a page when it is used, and may drop it when memory is short.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "graphsieve/base/mapped_range.h"

namespace graphsieve {

/// The bytes of a file, read-only, as long as the pointer that open() returns lives. open() throws Error, naming the
/// file, if the file cannot be opened or mapped. An empty file has no bytes. If the file becomes shorter while it is
/// mapped, the bytes beyond its new end read as zeros, and the work that uses them ends with an Error
/// (base/mapped_range.h).
class MappedFile {
 public:
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::optional<MappedRange> range_;
};

}  // namespace graphsieve
