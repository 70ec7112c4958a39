// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/transforms.h"

#include <gtest/gtest.h>

#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

using Edges = std::vector<std::pair<int32_t, int32_t>>;

Edges random_edges(int64_t nodes, int64_t count, uint64_t key) {
  Edges out;
  for (int64_t e = 0; e < count; ++e)
    out.emplace_back(uniform_below(random_key(key, e, 0), nodes), uniform_below(random_key(key, e, 1), nodes));
  return out;
}

Csr by_sets(int64_t nodes, const Edges& edges, bool directed) {
  std::vector<std::set<int32_t>> rows(nodes);
  for (const auto& [s, d] : edges) {
    if (s == d) continue;
    rows[d].insert(s);
    if (!directed) rows[s].insert(d);
  }
  Csr out;
  out.row_start.push_back(0);
  for (const auto& row : rows) {
    out.source.insert(out.source.end(), row.begin(), row.end());
    out.row_start.push_back(out.edges());
  }
  return out;
}

TEST(SymmetricCsr, SmallGraphByHand) {
  GraphNotes notes;
  const Csr g = symmetric_csr(5, {{0, 1}, {1, 0}, {2, 1}, {3, 3}, {2, 1}}, false, &notes);
  EXPECT_EQ(g.row_start, (LargeVector<int64_t>{0, 1, 3, 4, 4, 4}));
  EXPECT_EQ(g.source, (LargeVector<int32_t>{1, 0, 2, 1}));
  EXPECT_EQ(notes.loops, 1);
  EXPECT_EQ(notes.duplicates, 2);
  EXPECT_EQ(notes.isolated, 2);
  EXPECT_EQ(notes.max_degree, 2);
}

TEST(SymmetricCsr, DirectedKeepsTheDirection) {
  GraphNotes notes;
  const Csr g = symmetric_csr(4, {{0, 1}, {1, 0}, {2, 1}, {2, 1}}, true, &notes);
  EXPECT_EQ(g.row_start, (LargeVector<int64_t>{0, 1, 3, 3, 3}));
  EXPECT_EQ(g.source, (LargeVector<int32_t>{1, 0, 2}));
  EXPECT_EQ(notes.duplicates, 1);
  EXPECT_EQ(notes.isolated, 1) << "node 2 has an edge out, node 3 none";
}

TEST(SymmetricCsr, EqualsSetsOnRandomGraphs) {
  for (uint64_t key = 0; key < 50; ++key) {
    const int64_t nodes = 1 + static_cast<int64_t>(uniform_below(random_key(key, 9), 60));
    const Edges edges = random_edges(nodes, static_cast<int64_t>(key) * 20, key);
    for (const bool directed : {false, true}) {
      const Csr fast = symmetric_csr(nodes, edges, directed), slow = by_sets(nodes, edges, directed);
      EXPECT_EQ(fast.row_start, slow.row_start);
      EXPECT_EQ(fast.source, slow.source);
    }
  }
}

TEST(SymmetricCsr, NoEdgesAndNoNodes) {
  EXPECT_EQ(symmetric_csr(3, {}, false).row_start, (LargeVector<int64_t>{0, 0, 0, 0}));
  EXPECT_EQ(symmetric_csr(0, {}, false).nodes(), 0);
  EXPECT_THROW(symmetric_csr(-1, {}, false), Error);
}

TEST(SymmetricCsr, IdOutOfRangeNamesTheRow) {
  try {
    symmetric_csr(3, {{0, 1}, {1, 3}}, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "edges row 1: (1, 3), expected ids from 0 to 2");
  }
  EXPECT_THROW(symmetric_csr(3, {{-1, 1}}, false), Error);
}

}  // namespace
}  // namespace graphsieve
