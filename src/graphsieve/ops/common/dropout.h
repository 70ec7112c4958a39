// The keyed mask of dropout: which elements stay is a function of (key, element index) alone, so no mask is stored.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "graphsieve/base/random.h"

namespace graphsieve::kernels {

/// An element is kept iff its 32 random bits are at least this. 0 <= p < 1; 0 keeps everything.
inline uint32_t dropout_threshold(double p) {
  return static_cast<uint32_t>(std::min(std::floor(p * 0x1p32 + 0.5), 0x1p32 - 1));
}

/// What kept elements are multiplied with.
inline double dropout_scale(double p) { return 1 / (1 - p); }

/// The key for the elements [chunk * 2^32, (chunk + 1) * 2^32).
constexpr uint64_t dropout_chunk_key(uint64_t key, uint64_t chunk) { return chunk == 0 ? key : random_key(key, chunk); }

constexpr bool dropout_keeps(uint64_t key, uint32_t threshold, uint64_t element) {
  return mix32(dropout_chunk_key(key, element >> 32), static_cast<uint32_t>(element)) >= threshold;
}

/// Elements per block of the loops over elements; divides 2^32, so that a block has one chunk key.
constexpr int64_t kDropoutBlock = 1 << 15;

}  // namespace graphsieve::kernels
