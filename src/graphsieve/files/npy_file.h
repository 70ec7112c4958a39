// .npy files too large for memory: mapped to read, and written piece by piece.
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


/// NumPy's names of the types that are stored: "<f4", "<f2", "<i4", "<i8", "<u2" or "|u1".
template <class T>
const char* npy_descr();

/// The values of a .npy file in C order, mapped. Throws Error, beginning with the path, where the file is no .npy array,
/// holds another type than T or another shape than `shape` (−1 in it: any length, filled in), or is cut off. float16 and
/// bfloat16 are both read as uint16_t, by their bits ("<f2" and "<u2").
template <class T>
Array<T> map_npy(const std::filesystem::path& path, std::vector<int64_t>& shape);

/// How a file came out: for the card of a graph folder.
struct WrittenFile {
  std::string name;
  int64_t bytes = 0;
  std::string checksum;  ///< XXH3 (64 bits) of the whole file, 16 hexadecimal digits
};

/// A .npy file, written from its beginning to its end. It appears when finish() is called; every failure is an Error
/// naming it.
class NpyWriter {
 public:
  /// `descr` as npy_descr gives it. A first length of −1 is filled in by finish().
  NpyWriter(const std::filesystem::path& path, const std::string& descr, const std::vector<int64_t>& shape,
            Existing existing = Existing::kReplace);
  ~NpyWriter();

  void write(const void* values, size_t bytes);
  template <class T>
  void write(std::span<const T> values) {
    write(values.data(), values.size_bytes());
  }

  /// Throws Error unless all values of the shape have been written (whole rows, where its first length was −1).
  WrittenFile finish();

 private:
  void put(const void* data, size_t bytes);

  AtomicFile file_;
  std::filesystem::path path_;
  std::string descr_;
  std::vector<int64_t> shape_;
  int64_t head_ = 0, bytes_ = 0;  ///< of the header; written so far
  Checksum checksum_;
};

/// The whole array at once.
template <class T>
WrittenFile write_npy(const std::filesystem::path& path, const std::vector<int64_t>& shape, std::span<const T> values,
                      Existing existing = Existing::kReplace) {
  NpyWriter writer(path, npy_descr<T>(), shape, existing);
  writer.write(values);
  return writer.finish();
}

}  // namespace graphsieve
