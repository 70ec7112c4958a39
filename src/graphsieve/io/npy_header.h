// The header of a .npy file. Internal to npy.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/io/npy.h"

namespace graphsieve {

struct NpyHeader {
  NpyKind kind = NpyKind::kFloat;
  int item_size = 0;
  bool swapped = false;  ///< stored in the other byte order
  bool fortran_order = false;
  std::vector<int64_t> shape;
  size_t data_start = 0;  ///< offset of the data in the file
};

/// Throws Error, beginning with `where`, on a header that is malformed or of a type not read here.
NpyHeader parse_npy_header(std::span<const std::byte> file, const std::string& where);

}  // namespace graphsieve
