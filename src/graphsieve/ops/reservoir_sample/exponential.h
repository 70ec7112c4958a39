// SPDX-License-Identifier: Apache-2.0
// −ln u for a keyed u, by one sequence of float operations: multiplications and additions rounded one by one (no
// fusing), so that scalar code, every vector width and a GPU give the same bits.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace graphsieve::kernels {

/// The terms of a polynomial in f for ln(1 + f) / f on [−0.25, 0.5]; relative error below 3e-8.
inline constexpr std::array<float, 9> kLog1p = {1.0f,
                                                -0.5000006556510925f,
                                                0.3333360254764557f,
                                                -0.24993263185024261f,
                                                0.1997554749250412f,
                                                -0.1682281792163849f,
                                                0.1499691605567932f,
                                                -0.1209166869521141f,
                                                0.054260093718767166f};
inline constexpr float kLn2 = 0.693147180559945f;
inline constexpr int32_t kThreeQuarters = 0x3F400000;  ///< bits of 0.75f

/// An exponentially distributed number, −ln(1 − v) with v = (x / 2 + 0.5) / 2^31 from 32 random bits x. Small values
/// keep full relative precision: they decide which edges are kept.
constexpr float exponential(uint32_t x) {
  const float v = (static_cast<float>(static_cast<int32_t>(x >> 1)) + 0.5f) * 0x1p-31f;
  const float w = (static_cast<float>(static_cast<int32_t>(~x >> 1)) + 0.5f) * 0x1p-31f;  // 1 − v
  const int32_t bits = std::bit_cast<int32_t>(w);
  const int32_t exponent = (bits - kThreeQuarters) >> 23;  // w = m · 2^exponent, m in [0.75, 1.5)
  const float m = std::bit_cast<float>(bits - exponent * (1 << 23));
  const float f = exponent == 0 ? -v : m - 1.0f;
  constexpr std::array terms = kLog1p;  // a copy, since nvcc turns a GPU's reading of the constant itself into a trap
  float p = terms[8];
  for (int i = 7; i >= 0; --i) p = p * f + terms[i];
  return static_cast<float>(-exponent) * kLn2 - f * p;
}

}  // namespace graphsieve::kernels
