// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

double chi_square(const std::vector<int64_t>& counts, double expected) {
  double out = 0;
  for (const int64_t count : counts) out += (count - expected) * (count - expected) / expected;
  return out;
}

TEST(KeyedPermutation, IsABijectionWithItsInverse) {
  for (const uint64_t n : {1u, 2u, 3u, 4u, 5u, 10u, 11u, 16u, 17u, 100u, 1000u, 4095u, 4096u, 4097u, 11758u, 65537u}) {
    const KeyedPermutation pi(n, random_key(n));
    std::vector<bool> seen(n, false);
    for (uint64_t x = 0; x < n; ++x) {
      const uint64_t y = pi(x);
      ASSERT_LT(y, n);
      ASSERT_FALSE(seen[y]);
      seen[y] = true;
      ASSERT_EQ(pi.inverse(y), x);
    }
  }
}

TEST(KeyedPermutation, LargeDomains) {
  for (const uint64_t n : {uint64_t{1} << 31, (uint64_t{1} << 40) + 12345, uint64_t{1} << 62}) {
    const KeyedPermutation pi(n, 7);
    for (uint64_t i = 0; i < 100; ++i) {
      const uint64_t x = uniform_below(random_key(1, i), n);
      EXPECT_LT(pi(x), n);
      EXPECT_EQ(pi.inverse(pi(x)), x);
    }
  }
  EXPECT_THROW(KeyedPermutation(0, 1), Error);
  EXPECT_THROW(KeyedPermutation((uint64_t{1} << 62) + 1, 1), Error);
}

TEST(KeyedPermutation, KeysGiveDifferentPermutationsAndAreRepeatable) {
  int same = 0;
  const KeyedPermutation a(1000, 1), b(1000, 2), again(1000, 1);
  for (uint64_t x = 0; x < 1000; ++x) {
    same += a(x) == b(x);
    EXPECT_EQ(a(x), again(x));
  }
  EXPECT_LT(same, 10);
}

// The 24 permutations of 4 and the 120 of 5 elements are equally frequent. The bounds are the 99.99 % quantiles.
TEST(KeyedPermutation, AllPermutationsOfFewElementsAreEquallyFrequent) {
  for (const auto& [n, orders, bound] : {std::tuple{4, 24, 58.6}, std::tuple{5, 120, 186.0}}) {
    std::map<std::vector<uint64_t>, int64_t> seen;
    const int64_t draws = 500 * orders;
    for (int64_t key = 0; key < draws; ++key) {
      const KeyedPermutation pi(n, random_key(77, key));
      std::vector<uint64_t> image;
      for (int x = 0; x < n; ++x) image.push_back(pi(x));
      ++seen[image];
    }
    std::vector<int64_t> counts;
    for (const auto& [image, count] : seen) counts.push_back(count);
    counts.resize(orders, 0);
    EXPECT_LT(chi_square(counts, 500), bound) << n << " elements";
  }
}

// Where an element goes, and how far apart neighbours land, is uniform.
TEST(KeyedPermutation, ImagesAndDifferencesAreUniform) {
  for (const int n : {11, 13, 30, 100}) {
    const int64_t draws = 2000;
    std::vector<int64_t> images(n, 0), steps(n, 0);
    for (int64_t key = 0; key < draws; ++key) {
      const KeyedPermutation pi(n, random_key(5, n, key));
      ++images[pi(3)];
      ++steps[(pi(4) + n - pi(3)) % n];
    }
    EXPECT_EQ(steps[0], 0);
    steps.erase(steps.begin());
    const auto bound = [](double df) { return df + 4.5 * std::sqrt(2 * df) + 8; };
    EXPECT_LT(chi_square(images, static_cast<double>(draws) / n), bound(n - 1)) << n;
    EXPECT_LT(chi_square(steps, static_cast<double>(draws) / (n - 1)), bound(n - 2)) << n;
  }
}

}  // namespace
}  // namespace graphsieve
