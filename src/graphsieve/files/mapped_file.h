// A file as memory: pages come when they are read, and may be dropped by the system when memory is short.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "graphsieve/base/mapped_range.h"

namespace graphsieve {

/// The bytes of a file, read-only, for as long as the pointer lives. Throws Error, naming the file, where it cannot be
/// opened or mapped. An empty file has no bytes. A file that becomes shorter while it is mapped reads as zeros beyond its
/// new end, and the work with it ends in an Error (base/mapped_range.h).
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
