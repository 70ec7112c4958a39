// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/expander.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/graph/spectral_gap.h"

namespace graphsieve {

/// For the tests' names.
void PrintTo(ExpanderKind kind, std::ostream* out) {
  *out << (kind == ExpanderKind::kHamiltonian ? "Hamiltonian" : "Permutation");
}

namespace {

std::vector<int32_t> row(const Csr& g, int64_t i) {
  return {g.source.begin() + g.row_start[i], g.source.begin() + g.row_start[i + 1]};
}

int64_t count(const Csr& g, int64_t i, int32_t j) {
  const auto r = row(g, i);
  return std::count(r.begin(), r.end(), j);
}

void expect_symmetric_without_loops(const Csr& g) {
  for (int64_t i = 0; i < g.nodes(); ++i) {
    const auto r = row(g, i);
    EXPECT_TRUE(std::is_sorted(r.begin(), r.end()));
    for (const int32_t j : r) {
      EXPECT_NE(j, i);
      EXPECT_EQ(count(g, i, j), count(g, j, static_cast<int32_t>(i)));
    }
  }
}

class ExpanderTest : public testing::TestWithParam<ExpanderKind> {};

TEST_P(ExpanderTest, StoredAndOnTheFlyAreTheSameGraph) {
  for (const int64_t n : {0, 1, 2, 10, 11, 12, 57, 500})
    for (const int64_t degree : {0, 1, 2, 5, 15}) {
      const Expander expander(n, degree, GetParam(), 42 + n);
      const Csr g = expander.csr();
      ASSERT_EQ(g.nodes(), n);
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_EQ(expander.neighbors(i), row(g, i)) << n << " " << degree << " " << i;
        ASSERT_EQ(expander.degree_of(i), g.row_start[i + 1] - g.row_start[i]);
      }
    }
}

TEST_P(ExpanderTest, IsSymmetricWithoutLoops) {
  expect_symmetric_without_loops(expander_edges(300, 5, GetParam(), 1));
  expect_symmetric_without_loops(expander_edges(13, 12, GetParam(), 2));
}

TEST_P(ExpanderTest, UpToTenNodesAreAllPairs) {
  for (int64_t n = 1; n <= 10; ++n) {
    const Csr g = expander_edges(n, 3, GetParam(), 1);
    EXPECT_EQ(g.edges(), n * (n - 1));
    for (int64_t i = 0; i < n; ++i)
      for (int32_t j = 0; j < n; ++j) EXPECT_EQ(count(g, i, j), i != j);
  }
}

TEST_P(ExpanderTest, TheSameAtAnyNumberOfThreads) {
  const int threads = num_threads();
  set_num_threads(1);
  const Csr one = expander_edges(20000, 4, GetParam(), 9);
  set_num_threads(5);
  const Csr five = expander_edges(20000, 4, GetParam(), 9);
  set_num_threads(threads);
  EXPECT_EQ(one.row_start, five.row_start);
  EXPECT_EQ(one.source, five.source);
}

TEST_P(ExpanderTest, NearRamanujan) {
  const ExpanderResult r = near_ramanujan_expander(1000, 5, GetParam(), 3, 100, 100000);
  EXPECT_TRUE(r.near_ramanujan);
  EXPECT_GE(r.spectral_gap, near_ramanujan_bound(5));
  EXPECT_GE(r.tries, 1);
  EXPECT_EQ(r.expander.degree(), 5);
  EXPECT_NEAR(r.spectral_gap, spectral_gap(r.expander.csr(), 1), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ExpanderTest, testing::Values(ExpanderKind::kHamiltonian, ExpanderKind::kPermutation),
                         [](const auto& info) {
                           return info.param == ExpanderKind::kHamiltonian ? "Hamiltonian" : "Permutation";
                         });

TEST(Expander, EveryCycleVisitsEveryNode) {
  const Csr g = expander_edges(101, 1, ExpanderKind::kHamiltonian, 4);
  int32_t before = 0, at = row(g, 0)[0];
  int64_t steps = 1;
  for (; at != 0; ++steps) {
    const auto r = row(g, at);
    ASSERT_EQ(r.size(), 2u);
    const int32_t next = r[0] == before ? r[1] : r[0];
    before = at;
    at = next;
  }
  EXPECT_EQ(steps, 101);
}

TEST(Expander, HamiltonianIsRegularAndKeepsDuplicates) {
  const Csr g = expander_edges(11, 10, ExpanderKind::kHamiltonian, 4);
  int64_t repeated = 0;
  for (int64_t i = 0; i < 11; ++i) {
    const auto r = row(g, i);
    EXPECT_EQ(r.size(), 20u);
    repeated += std::adjacent_find(r.begin(), r.end()) != r.end();
  }
  EXPECT_GT(repeated, 0);
}

TEST(Expander, DegreeIsCutToTheNodes) {
  EXPECT_EQ(Expander(12, 100, ExpanderKind::kHamiltonian, 1).degree(), 11);
  EXPECT_EQ(expander_edges(12, 0, ExpanderKind::kHamiltonian, 1).edges(), 0);
  EXPECT_THROW(Expander(12, -1, ExpanderKind::kHamiltonian, 1), Error);
  EXPECT_THROW(Expander(-1, 1, ExpanderKind::kHamiltonian, 1), Error);
  EXPECT_THROW(Expander(12, 1, ExpanderKind::kHamiltonian, 1).neighbors(12), Error);
}

TEST(Expander, UncheckedAboveTheLimit) {
  for (const int64_t tries : {0, 5}) {
    const ExpanderResult r = near_ramanujan_expander(2000, 3, ExpanderKind::kHamiltonian, 3, tries, 1000);
    EXPECT_TRUE(std::isnan(r.spectral_gap));
    EXPECT_FALSE(r.near_ramanujan);
    EXPECT_EQ(r.tries, 1);
  }
}

TEST(Expander, FewNodes) {
  EXPECT_DOUBLE_EQ(near_ramanujan_expander(8, 15, ExpanderKind::kHamiltonian, 1, 5, 100).spectral_gap, 8);
  EXPECT_TRUE(near_ramanujan_expander(8, 15, ExpanderKind::kHamiltonian, 1, 5, 100).near_ramanujan);
  EXPECT_EQ(near_ramanujan_expander(1, 15, ExpanderKind::kHamiltonian, 1, 5, 100).expander.csr().edges(), 0);
}

TEST(Expander, AGapThatIsNotANumberNeverReplacesABetterOne) {
  const auto kept = [](std::vector<double> gaps) {
    size_t tried = 0;
    const ExpanderResult r =
        near_ramanujan_expander(40, 20, ExpanderKind::kPermutation, 5, static_cast<int64_t>(gaps.size()), 100,
                                [&](const Csr&, uint64_t) { return gaps[tried++]; });
    EXPECT_EQ(r.tries, static_cast<int64_t>(gaps.size()));
    EXPECT_FALSE(r.near_ramanujan);
    const Csr csr = r.expander.csr();
    for (size_t t = 0; t < gaps.size(); ++t)
      if (csr.source == expander_edges(40, 20, ExpanderKind::kPermutation, random_key(5, Stream::kExpander, t)).source)
        return std::pair(static_cast<int>(t), r.spectral_gap);
    return std::pair(-1, r.spectral_gap);
  };
  EXPECT_EQ(kept({1, NAN, 0.5}), std::pair(0, 1.0));
  EXPECT_EQ(kept({NAN, 0.5, NAN, 0.25}), std::pair(1, 0.5));
  EXPECT_EQ(kept({0, NAN, 0, NAN}), std::pair(0, 0.0));
  EXPECT_EQ(kept({NAN, NAN}).first, 0);
  EXPECT_TRUE(std::isnan(kept({NAN, NAN}).second));
}

TEST(Expander, KeepsTheBestOfSeveral) {
  const ExpanderResult one = near_ramanujan_expander(40, 20, ExpanderKind::kPermutation, 5, 1, 100);
  const ExpanderResult many = near_ramanujan_expander(40, 20, ExpanderKind::kPermutation, 5, 30, 100);
  EXPECT_GE(many.spectral_gap, one.spectral_gap);
  EXPECT_GE(many.tries, one.tries);
}

TEST(ExtendedExpander, FurtherNodesLeaveTheOthersAlone) {
  for (const ExpanderKind kind : {ExpanderKind::kHamiltonian, ExpanderKind::kPermutation})
    for (const int64_t trained : {5, 60}) {
      const Expander before(trained, 3, kind, 7);
      const ExtendedExpander after(before, {}, trained + 20, 9);
      for (int64_t i = 0; i < trained; ++i) EXPECT_EQ(after.neighbors(i), before.neighbors(i));
      for (int64_t i = trained; i < trained + 20; ++i) {
        const std::vector<int32_t> sources = after.neighbors(i);
        EXPECT_EQ(std::ssize(sources), after.degree_of(i));
        EXPECT_EQ(std::ssize(sources), trained == 60 ? 6 : 4);
        EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end()));
        EXPECT_GE(sources.front(), 0);
        EXPECT_LT(sources.back(), trained);
        // The edges of a node do not depend on how many nodes follow.
        EXPECT_EQ(sources, ExtendedExpander(before, {}, trained + 100, 9).neighbors(i));
      }
      EXPECT_THROW(after.neighbors(trained + 20), Error);
    }
}

TEST(ExtendedExpander, AbsentNodesHaveNoEdges) {
  const Expander before(40, 3, ExpanderKind::kHamiltonian, 7);
  std::vector<uint8_t> present(40, 1);
  present[3] = present[17] = 0;
  const ExtendedExpander after(before, present, 45, 9);
  for (int64_t i = 0; i < 45; ++i) {
    const std::vector<int32_t> sources = after.neighbors(i);
    EXPECT_EQ(std::ssize(sources), after.degree_of(i));
    EXPECT_EQ(std::count(sources.begin(), sources.end(), 3) + std::count(sources.begin(), sources.end(), 17), 0);
    if (i == 3 || i == 17) {
      EXPECT_TRUE(sources.empty());
    }
    if (i >= 40 || present[i] == 0) continue;
    std::vector<int32_t> expected = before.neighbors(i);
    std::erase_if(expected, [](int32_t source) { return source == 3 || source == 17; });
    EXPECT_EQ(sources, expected);
  }
  EXPECT_THROW(ExtendedExpander(before, {1, 0}, 45, 9), Error);
  EXPECT_THROW(ExtendedExpander(before, {}, 39, 9), Error);
  EXPECT_THROW(ExtendedExpander(before, std::vector<uint8_t>(40, 0), 45, 9), Error);
}

TEST(Expander, KindNames) {
  EXPECT_EQ(expander_kind("permutation"), ExpanderKind::kPermutation);
  EXPECT_EQ(expander_kind("hamiltonian"), ExpanderKind::kHamiltonian);
  EXPECT_THROW(expander_kind("torus"), Error);
}

}  // namespace
}  // namespace graphsieve
