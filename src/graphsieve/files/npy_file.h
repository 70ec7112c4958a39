// SPDX-License-Identifier: Apache-2.0
// .npy files that are too large for memory: they are mapped for reading, and written piece by piece.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/base/array.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/checksum.h"

namespace graphsieve {

/// Returns NumPy's name of a stored type: "<f4", "<f2", "<i4", "<i8", "<u2" or "|u1".
template <class T>
const char* npy_descr();

/// Maps a .npy file in C order and returns its values. A length of −1 in `shape` matches any length and is replaced by
/// the file's. Throws Error, beginning with the path, if the file is not a .npy array, holds another type than T or
/// another shape than `shape`, or is cut off. float16 and bfloat16 are both read as uint16_t, which gives their bits
/// ("<f2" and "<u2").
template <class T>
Array<T> map_npy(const std::filesystem::path& path, std::vector<int64_t>& shape);

/// Name, length and checksum of a written file, for the card of a graph folder.
struct WrittenFile {
  std::string name;
  int64_t bytes = 0;
  std::string checksum;  ///< XXH3 (64 bits) of the whole file, 16 hexadecimal digits
};

/// Writes a .npy file from its beginning to its end. The file appears when finish() is called. Every failure is an
/// Error that names the file.
class NpyWriter {
 public:
  /// `descr` is a result of npy_descr(). If the first length of `shape` is −1, finish() fills it in.
  NpyWriter(const std::filesystem::path& path, const std::string& descr, const std::vector<int64_t>& shape,
            Existing existing = Existing::kReplace);
  ~NpyWriter();

  void write(const void* values, size_t bytes);
  template <class T>
  void write(std::span<const T> values) {
    write(values.data(), values.size_bytes());
  }

  /// Completes the file. Throws Error if not all values of the shape have been written or, if its first length was −1,
  /// not whole rows.
  WrittenFile finish();

 private:
  void put(const void* data, size_t bytes);

  AtomicFile file_;
  std::filesystem::path path_;
  std::string descr_;
  std::vector<int64_t> shape_;
  int64_t head_ = 0, bytes_ = 0;  ///< bytes of the header; bytes written so far, with the header
  Checksum checksum_;
};

/// Writes the whole array at once.
template <class T>
WrittenFile write_npy(const std::filesystem::path& path, const std::vector<int64_t>& shape, std::span<const T> values,
                      Existing existing = Existing::kReplace) {
  NpyWriter writer(path, npy_descr<T>(), shape, existing);
  writer.write(values);
  return writer.finish();
}

}  // namespace graphsieve
