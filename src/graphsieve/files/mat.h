// SPDX-License-Identifier: Apache-2.0
// Reading of the matrices in a MATLAB file of version 5 to 7 (the format that SciPy's savemat writes).
//
//   128 bytes    text, version 0x0100, "IM" (little-endian)
//   elements     each has a tag (type, bytes) and its data: a matrix, or a zlib stream that contains a matrix.
//                A matrix consists of elements itself: flags (its class), dimensions, name, values by columns
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/files/npy.h"

namespace graphsieve {

class MatFile {
 public:
  /// Finds the matrices of the file. Throws Error, beginning with the path, if the file is missing, cut off or of
  /// another kind (version 7.3, which is HDF5, or big-endian).
  explicit MatFile(const std::filesystem::path& path);

  bool has(const std::string& name) const;
  /// Returns a matrix of shape (rows, columns) as in MATLAB, or of shape (columns, rows) if `transposed`. The latter
  /// needs no copy, since the file stores one column after the other. Throws Error if the matrix is missing or broken
  /// (checksum, length), or if it is not a dense matrix of real numbers.
  NpyArray read(const std::string& name, bool transposed = false) const;

 private:
  struct Place {
    std::string name;
    int64_t at;  ///< position of the matrix's tag in the file
  };
  std::string path_;
  std::vector<Place> matrices_;
};

}  // namespace graphsieve
