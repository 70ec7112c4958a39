// SPDX-License-Identifier: Apache-2.0
// Arrays in NumPy's .npy format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/large_memory.h"

namespace graphsieve {

enum class NpyKind { kBool, kInt, kUint, kFloat };

/// An array in row-major order and in this machine's byte order, whatever the file had.
struct GRAPHSIEVE_API NpyArray {
  std::vector<int64_t> shape;  ///< empty for a single number
  NpyKind kind = NpyKind::kFloat;
  int item_size = 4;             ///< bytes: 1 (bool, int, uint), 2, 4 or 8
  std::vector<std::byte> bytes;  ///< size() * item_size
  std::string where;             ///< begins messages about the values

  int64_t size() const;
  std::string dtype() const;       ///< "float32", "int64", "bool"
  std::string shape_text() const;  ///< "[10, 3]"

  /// Returns the values as T: float, double, int32_t, int64_t or uint8_t (bool). Throws Error, naming the element, if
  /// an integer type cannot hold a value exactly, or if a finite value would become infinite.
  template <class T>
  std::vector<T> as() const;

  /// Returns the values as float in large memory, as as<float>() does.
  LargeVector<float> as_floats() const;
};

/// Parses the bytes of a whole .npy file: versions 1 to 3; bool, int8 to int64, uint8 to uint64, float16 to float64;
/// either byte order; C or Fortran order. Throws Error, beginning with `where`, on everything else (object arrays,
/// text, complex numbers, structures), and if the data does not have exactly the length that the header says.
GRAPHSIEVE_API NpyArray parse_npy(std::span<const std::byte> file, const std::string& where);

/// Returns the bytes of a whole .npy file (version 1, C order) of T: float, int32_t, int64_t or uint8_t. Throws Error
/// if the product of the shape is not values.size().
template <class T>
GRAPHSIEVE_API std::vector<std::byte> npy_bytes(const std::vector<int64_t>& shape, std::span<const T> values);

}  // namespace graphsieve
