// SPDX-License-Identifier: Apache-2.0
// The keyed mask of dropout. The key and the index of an element alone determine if the element is kept, so no mask is
// stored.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "graphsieve/base/random.h"

namespace graphsieve::kernels {

/// Returns the smallest 32 random bits with which an element is kept, for 0 <= p < 1. With p = 0 all elements are kept.
inline uint32_t dropout_threshold(double p) {
  return static_cast<uint32_t>(std::min(std::floor(p * 0x1p32 + 0.5), 0x1p32 - 1));
}

/// Returns the factor of kept elements.
inline double dropout_scale(double p) { return 1 / (1 - p); }

/// Returns the key of the elements [chunk * 2^32, (chunk + 1) * 2^32).
constexpr uint64_t dropout_chunk_key(uint64_t key, uint64_t chunk) { return chunk == 0 ? key : random_key(key, chunk); }

/// True if the element is kept.
constexpr bool dropout_keeps(uint64_t key, uint32_t threshold, uint64_t element) {
  return mix32(dropout_chunk_key(key, element >> 32), static_cast<uint32_t>(element)) >= threshold;
}

/// Elements per block of the loops over elements. The number divides 2^32, so that all elements of a block have one
/// chunk key.
constexpr int64_t kDropoutBlock = 1 << 13;

}  // namespace graphsieve::kernels
