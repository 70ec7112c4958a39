// SPDX-License-Identifier: Apache-2.0
// Sums over the numbers of a row, in one order for every compiler and processor.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Returns the sum of term(c) over the columns c of [0, width), made of eight partial sums, which the compiler keeps in
/// vectors.
template <class T, class Term>
T row_sum(int64_t width, const Term& term) {
  constexpr int64_t kSums = 8;
  T sums[kSums] = {};
  int64_t c = 0;
  for (; c + kSums <= width; c += kSums)
    for (int64_t s = 0; s < kSums; ++s) sums[s] += term(c + s);
  for (int64_t s = 0; c < width; ++c, ++s) sums[s] += term(c);
  for (int64_t half = kSums / 2; half > 0; half /= 2)
    for (int64_t s = 0; s < half; ++s) sums[s] += sums[s + half];
  return sums[0];
}

}  // namespace graphsieve::kernels
