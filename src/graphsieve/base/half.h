// float16 and bfloat16 as they are stored: 16 bits. Rounding to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>

namespace graphsieve {

/// What a stored number's 16 bits are.
enum class FloatType { kFloat32, kFloat16, kBfloat16 };

inline float from_float16(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
inline float from_bfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// A number too large becomes infinite.
inline uint16_t to_float16(float x) { return std::bit_cast<uint16_t>(static_cast<_Float16>(x)); }
inline uint16_t to_bfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (x != x) return static_cast<uint16_t>((bits >> 16) | 0x40);  // stays a NaN
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace graphsieve
