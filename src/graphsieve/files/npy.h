// One array in NumPy's .npy format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace graphsieve {

enum class NpyKind { kBool, kInt, kUint, kFloat };

/// An array in row-major order, in this machine's byte order, whatever the file held.
struct NpyArray {
  std::vector<int64_t> shape;  ///< empty for a single number
  NpyKind kind = NpyKind::kFloat;
  int item_size = 4;             ///< bytes: 1 (bool, int, uint), 2, 4 or 8
  std::vector<std::byte> bytes;  ///< size() * item_size
  std::string where;             ///< "FILE: array 'NAME'", begins the messages about its values

  int64_t size() const;
  std::string dtype() const;       ///< "float32", "int64", "bool"
  std::string shape_text() const;  ///< "[10, 3]"

  /// The values as T: float, double, int32_t, int64_t or uint8_t (bool). Throws Error, naming the element, where an
  /// integer type cannot hold the value exactly, or a finite value would become infinite.
  template <class T>
  std::vector<T> as() const;
};

/// Reads a whole .npy file's bytes: versions 1 to 3; bool, int8 to int64, uint8 to uint64, float16 to float64, either
/// byte order, C or Fortran order. Throws Error, beginning with `where`, on everything else (object arrays, text,
/// complex numbers, structures) and where the data is not exactly as long as the header says.
NpyArray parse_npy(std::span<const std::byte> file, const std::string& where);

/// A whole .npy file (version 1, C order) of T: float, int32_t, int64_t or uint8_t. Throws Error unless the shape's
/// product is values.size().
template <class T>
std::vector<std::byte> npy_bytes(const std::vector<int64_t>& shape, std::span<const T> values);

}  // namespace graphsieve
