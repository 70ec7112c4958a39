// SPDX-License-Identifier: Apache-2.0
// Conversions between float32 and the two 16-bit formats, float16 (IEEE 754 binary16) and bfloat16 (the upper half of a
// float32). Conversions to 16 bits round to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>

namespace graphsieve {

/// Format of a stored floating-point number.
enum class FloatType { kFloat32, kFloat16, kBfloat16 };

inline float from_float16(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
inline float from_bfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// Converts to 16 bits. A number that is too large becomes infinite; a NaN stays a NaN.
inline uint16_t to_float16(float x) { return std::bit_cast<uint16_t>(static_cast<_Float16>(x)); }
inline uint16_t to_bfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (x != x) return static_cast<uint16_t>((bits >> 16) | 0x40);  // stays a NaN
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace graphsieve
