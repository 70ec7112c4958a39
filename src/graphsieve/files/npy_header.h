// SPDX-License-Identifier: Apache-2.0
// The header of a .npy file. Used by npy.cc, npy_file.cc and npz.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/files/npy.h"

namespace graphsieve {

struct NpyHeader {
  NpyKind kind = NpyKind::kFloat;
  int item_size = 0;
  bool swapped = false;  ///< stored in the other byte order
  bool fortran_order = false;
  std::vector<int64_t> shape;
  size_t data_start = 0;  ///< offset of the data in the file
};

/// Returns the offset of the data, read from the first 12 bytes of the file. Throws Error, beginning with `where`, if
/// the file is not a .npy file.
size_t npy_header_size(std::span<const std::byte> start, const std::string& where);

/// Parses the header at the beginning of a file. Throws Error, beginning with `where`, if the header is malformed or
/// has a type that is not supported.
NpyHeader parse_npy_header(std::span<const std::byte> file, const std::string& where);

/// Returns the bytes of a file before its data, for version 1 and C order. Their number is a multiple of 64 and at
/// least `bytes` (itself a multiple of 64). `descr` is a type such as "<f4".
std::string npy_header_text(const std::string& descr, const std::vector<int64_t>& shape, size_t bytes = 64);

}  // namespace graphsieve
