// The header of a .npy file. Internal to npy.cc, npy_file.cc and npz.cc.
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

/// Where the data begins, told by the file's first 12 bytes. Throws Error, beginning with `where`, on no .npy file.
size_t npy_header_size(std::span<const std::byte> start, const std::string& where);

/// Throws Error, beginning with `where`, on a header that is malformed or of a type not read here.
NpyHeader parse_npy_header(std::span<const std::byte> file, const std::string& where);

/// The bytes before the data: version 1, C order, a multiple of 64 and at least `bytes`. `descr` as "<f4".
std::string npy_header_text(const std::string& descr, const std::vector<int64_t>& shape, size_t bytes = 64);

}  // namespace graphsieve
