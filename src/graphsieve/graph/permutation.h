// SPDX-License-Identifier: Apache-2.0
// A keyed pseudorandom permutation that is never stored: an element or its inverse is computed in about constant time.
#pragma once

#include <array>
#include <cstdint>

namespace graphsieve {

/// A permutation of [0, n). It is a Feistel network on a grid of rows x columns >= n cells. A value outside [0, n) goes
/// through the network again until it falls inside (cycle walking).
class KeyedPermutation {
 public:
  /// Throws Error unless 1 <= n <= 2^62.
  KeyedPermutation(uint64_t n, uint64_t key);

  uint64_t operator()(uint64_t x) const;
  uint64_t inverse(uint64_t y) const;
  uint64_t size() const { return n_; }

 private:
  static constexpr int kMaxRounds = 16;

  uint64_t forward_once(uint64_t x) const;
  uint64_t backward_once(uint64_t y) const;

  uint64_t n_, rows_, columns_;
  int rounds_;
  std::array<uint64_t, kMaxRounds> round_key_;
};

}  // namespace graphsieve
