// SPDX-License-Identifier: Apache-2.0
// Keyed random numbers. A number depends on its key, which says what the number is used for, and not on the numbers
// drawn before it. The same key gives the same bits in any order, thread and process, so no function of this file has
// state.
//
//   uint64_t key = random_key(seed, Stream::kSplit, repeat);
//   double u = uniform(random_key(key, node));        // in (0, 1)
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace graphsieve {

/// The use of a random number, a part of its key. Numbers of streams with different values are independent.
enum class Stream : uint64_t {
  kInitialise = 1,       ///< weights
  kExpander = 2,         ///< expander edges
  kSplit = 3,            ///< random splits
  kDropout = 4,          ///< dropout masks
  kReservoir = 5,        ///< weighted draws of neighbours
  kFill = 6,             ///< draws with replacement that fill up a row with too few neighbours
  kBatchOrder = 7,       ///< order of the training nodes
  kGenerate = 8,         ///< generated graphs
  kEigen = 9,            ///< start vectors of eigensolvers
  kCompress = 10,        ///< random matrices and samples of compressions
  kEstimator = 11,       ///< mini-batches of the estimator
  kHiddenLabels = 12,    ///< training labels that are hidden from a pass
  kEvaluationDraw = 13,  ///< draws of an epoch after the first one
  // Keys for initial weights. Their numbers were taken before the streams had names; results depend on them.
  kEstimatorWeights = 1,
  kNetworkWeights = 2,
};

/// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits whose output bits depend on all input
/// bits.
constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

/// Combines numbers to a key: random_key(seed, stream, epoch, layer, …). The order of the parts matters.
constexpr uint64_t random_key(uint64_t key) { return mix64(key); }
template <class First, class... Rest>
constexpr uint64_t random_key(uint64_t key, First part, Rest... rest) {
  return random_key(mix64(key) ^ (static_cast<uint64_t>(part) * 0xD1342543DE82EF95ull + 0x632BE59BD9B4E019ull),
                    rest...);
}

/// Converts the upper 52 bits of a key to a number in the open interval (0, 1). With 53 bits, the largest would round
/// to 1.
constexpr double uniform(uint64_t key) { return (static_cast<double>(key >> 12) + 0.5) * 0x1p-52; }

/// Returns a standard normal number, computed from two uniform numbers (Box and Muller 1958) and keyed by `parts`.
template <class... Parts>
double normal(uint64_t key, Parts... parts) {
  const double u = uniform(random_key(key, parts..., 0)), v = uniform(random_key(key, parts..., 1));
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

/// Returns an integer in [0, bound), for bound > 0, with a bias below bound / 2^64 (multiply-shift).
constexpr uint64_t uniform_below(uint64_t key, uint64_t bound) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(key) * bound) >> 64);
}

/// Returns 32 random bits, the number `index` of a 64-bit key. It is the cheap generator of inner loops, suited to
/// vector code and GPUs (32-bit multiplications, shifts and additions). For one key it is a bijection of the index. The
/// rounds are those of triple32 (Wellons, "hash prospector"), with the upper half of the key added in the middle.
constexpr uint32_t mix32(uint64_t key, uint32_t index) {
  uint32_t x = index * 0x9E3779B1u + static_cast<uint32_t>(key);
  x ^= x >> 17;
  x *= 0xED5AD4BBu;
  x ^= x >> 11;
  x += static_cast<uint32_t>(key >> 32);
  x *= 0xAC4C1B51u;
  x ^= x >> 15;
  x *= 0x31848BABu;
  x ^= x >> 14;
  return x;
}

}  // namespace graphsieve
