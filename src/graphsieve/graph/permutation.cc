// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/permutation.h"

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

uint64_t round_value(uint64_t key, uint64_t half, uint64_t bound) { return uniform_below(mix64(key ^ half), bound); }

uint64_t square_root_up(uint64_t n) {
  auto root = static_cast<uint64_t>(std::sqrt(static_cast<double>(n)));
  while (root * root < n) ++root;
  while (root > 1 && (root - 1) * (root - 1) >= n) --root;
  return root;
}

/// Return (a + b) mod m and (a - b) mod m for numbers below m.
uint64_t add(uint64_t a, uint64_t b, uint64_t m) { return a + b < m ? a + b : a + b - m; }
uint64_t subtract(uint64_t a, uint64_t b, uint64_t m) { return a >= b ? a - b : a + m - b; }

}  // namespace

KeyedPermutation::KeyedPermutation(uint64_t n, uint64_t key) : n_(n) {
  if (n == 0 || n > (uint64_t{1} << 62)) throw Error("permutation of ", n, " elements, expected 1 to 2^62");
  rows_ = square_root_up(n);
  columns_ = (n + rows_ - 1) / rows_;
  rounds_ = n < 4096 ? kMaxRounds : 8;  // one round on a small grid moves little
  for (int r = 0; r < kMaxRounds; ++r) round_key_[r] = random_key(key, r);
}

/// The position of a cell is (row, column). Each round adds to one coordinate a random number that is keyed by the
/// other one. Such an addition can be undone, so backward_once() subtracts the same numbers in reverse order.
uint64_t KeyedPermutation::forward_once(uint64_t x) const {
  uint64_t row = x / columns_, column = x % columns_;
  for (int r = 0; r < rounds_; r += 2) {
    row = add(row, round_value(round_key_[r], column, rows_), rows_);
    column = add(column, round_value(round_key_[r + 1], row, columns_), columns_);
  }
  return row * columns_ + column;
}

uint64_t KeyedPermutation::backward_once(uint64_t y) const {
  uint64_t row = y / columns_, column = y % columns_;
  for (int r = rounds_ - 2; r >= 0; r -= 2) {
    column = subtract(column, round_value(round_key_[r + 1], row, columns_), columns_);
    row = subtract(row, round_value(round_key_[r], column, rows_), rows_);
  }
  return row * columns_ + column;
}

uint64_t KeyedPermutation::operator()(uint64_t x) const {
  do x = forward_once(x);
  while (x >= n_);
  return x;
}

uint64_t KeyedPermutation::inverse(uint64_t y) const {
  do y = backward_once(y);
  while (y >= n_);
  return y;
}

}  // namespace graphsieve
