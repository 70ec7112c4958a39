// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace graphsieve {
namespace {

TEST(Random, IsAFunctionOfTheKeyAndOfTheOrderOfItsParts) {
  EXPECT_EQ(random_key(7, 1, 2), random_key(7, 1, 2));
  EXPECT_NE(random_key(7, 1, 2), random_key(7, 2, 1));
  EXPECT_NE(random_key(7, 1), random_key(7, 1, 0));
  EXPECT_NE(random_key(7, Stream::kDropout), random_key(7, Stream::kReservoir));
}

TEST(Random, FixedValuesStayAcrossVersions) {
  EXPECT_EQ(mix64(0), 0xE220A8397B1DCDAFull);                      // SplitMix64's first output for seed 0, as published
  EXPECT_EQ(mix64(0x9E3779B97F4A7C15ull), 0x6E789E6AA1B965F4ull);  // and its second
}

TEST(Random, UniformIsInTheOpenIntervalAndEven) {
  constexpr int kBins = 16, kDraws = 160000;
  std::vector<int> bins(kBins);
  for (int i = 0; i < kDraws; ++i) {
    const double u = uniform(random_key(3, i));
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++bins[static_cast<int>(u * kBins)];
  }
  double chi = 0;
  for (int b : bins) chi += std::pow(b - kDraws / kBins, 2) / (kDraws / kBins);
  EXPECT_LT(chi, 37.7);  // 15 degrees of freedom, p = 0.001
  EXPECT_GT(uniform(0), 0.0);
  EXPECT_LT(uniform(~0ull), 1.0);
}

TEST(Random, UniformBelowStaysBelow) {
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(uniform_below(random_key(5, i), 7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
}

TEST(Random, Mix32IsABijectionOfTheIndexAndItsBitsAreEven) {
  std::set<uint32_t> values;
  std::vector<int> ones(32);
  for (uint32_t i = 0; i < 100000; ++i) {
    const uint32_t x = mix32(random_key(11), i);
    values.insert(x);
    for (int b = 0; b < 32; ++b) ones[b] += (x >> b) & 1;
  }
  EXPECT_EQ(values.size(), 100000u);
  for (int b = 0; b < 32; ++b) EXPECT_NEAR(ones[b], 50000, 700) << "bit " << b;
}

TEST(Random, Mix32OfNeighbouringKeysIsUnrelated) {
  int same = 0;
  for (uint64_t k = 0; k < 64; ++k)
    for (uint32_t i = 0; i < 1000; ++i) same += (mix32(k, i) >> 24) == (mix32(k + 1, i) >> 24);
  EXPECT_NEAR(same, 64000 / 256, 80);
}

}  // namespace
}  // namespace graphsieve
