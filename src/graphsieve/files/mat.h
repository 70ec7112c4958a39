// The matrices of a MATLAB file, version 5 to 7 (what SciPy's savemat writes).
//
//   128 bytes    text, version 0x0100, "IM" (little-endian)
//   elements     each a tag (type, bytes) and its data: a matrix, or a zlib stream with a matrix in it. A matrix is
//   elements again:
//                flags (its class), dimensions, name, values column by column
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/files/npy.h"

namespace graphsieve {

class MatFile {
 public:
  /// Finds the matrices. Throws Error, beginning with the path, where the file is missing, cut off or of another kind
  /// (version 7.3, which is HDF5, big-endian).
  explicit MatFile(const std::filesystem::path& path);

  bool has(const std::string& name) const;
  /// Rows and columns as MATLAB names them, or turned round (which costs nothing: columns stand one after the other).
  /// Throws Error where there is no such matrix, where it is broken (checksum, length), or not a dense one of real
  /// numbers.
  NpyArray read(const std::string& name, bool transposed = false) const;

 private:
  struct Place {
    std::string name;
    int64_t at;  ///< of its tag in the file
  };
  std::string path_;
  std::vector<Place> matrices_;
};

}  // namespace graphsieve
