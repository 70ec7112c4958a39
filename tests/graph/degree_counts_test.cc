// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/degree_counts.h"

#include <gtest/gtest.h>

namespace graphsieve {
namespace {

TEST(DegreeCounts, NodesByDegree) {
  const std::vector<int64_t> start = {0, 0, 1, 4, 4, 7};  // degrees 0, 1, 3, 0, 3
  EXPECT_EQ(degree_counts(start), (DegreeCounts{2, 1, 0, 2}));
  EXPECT_TRUE(degree_counts({}).empty());
}

TEST(EdgeShare, CountsDistinctKeptEdges) {
  const DegreeCounts counts = {1, 1, 0, 0, 0, 0, 0, 0, 0, 1};  // degrees 0, 1, 9
  EXPECT_DOUBLE_EQ(edge_share(counts, {3}), 0.4);
  EXPECT_DOUBLE_EQ(edge_share(counts, {3, 100}), 0.7);
  EXPECT_EQ(edge_share({2}, {3}), 0);  // no edges
  EXPECT_EQ(edge_share(counts, {}), 0);
}

}  // namespace
}  // namespace graphsieve
