// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/external_sort.h"

#include <algorithm>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

std::vector<uint64_t> sorted(int64_t count, int64_t memory, const TempDir& dir, uint64_t mask = ~uint64_t{0}) {
  ExternalSort sort(dir.path(), memory);
  for (int64_t i = 0; i < count; ++i) sort.add(mix64(i) & mask);
  EXPECT_EQ(sort.size(), count);
  std::vector<uint64_t> out;
  sort.merge([&](std::span<const uint64_t> keys) { out.insert(out.end(), keys.begin(), keys.end()); });
  return out;
}

TEST(ExternalSort, GivesWhatSortGives) {
  for (const uint64_t mask : {~uint64_t{0}, uint64_t{0xff}})
    for (const int64_t count : {0, 1, 7, 4096, 4097, 100000}) {
      const TempDir dir;
      std::vector<uint64_t> expected(count);
      for (int64_t i = 0; i < count; ++i) expected[i] = mix64(i) & mask;
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(sorted(count, 64 << 10, dir, mask), expected) << count;  // up to 25 runs
      EXPECT_EQ(sorted(count, 8 << 20, dir, mask), expected) << count;   // one
      EXPECT_TRUE(std::filesystem::is_empty(dir.path())) << "runs are removed";
    }
}

TEST(ExternalSort, LeavesNoRunsBehindWhenAbandoned) {
  const TempDir dir;
  {
    ExternalSort sort(dir.path(), 64 << 10);
    for (uint64_t i = 0; i < 50000; ++i) sort.add(i);
    EXPECT_FALSE(std::filesystem::is_empty(dir.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(ExternalSort, RefusesTooLittleMemory) {
  EXPECT_EQ(error_of([] { ExternalSort(".", 100); }), "sorting within 100 bytes, expected at least 16384");
}

TEST(ExternalSort, EdgesGoByDestinationThenSource) {
  EXPECT_LT(edge_key(1, 9), edge_key(2, 0));
  EXPECT_LT(edge_key(2, 0), edge_key(2, 1));
  const EdgeKeys keys;
  EXPECT_EQ(keys.key(7, 5), edge_key(7, 5));
  EXPECT_EQ(keys.destination(edge_key(2147483646, 5)), 2147483646);
  EXPECT_EQ(keys.source(edge_key(7, 2147483646)), 2147483646);
  EXPECT_EQ(keys.type(edge_key(7, 2147483646)), 0);
}

TEST(ExternalSort, TypedEdgesGoByDestinationTypeThenSource) {
  for (const auto& [nodes, types] : {std::pair<int64_t, int>{2, 1}, {5, 3}, {int64_t{1} << 29, 64}, {2147483646, 4}}) {
    const EdgeKeys keys(nodes, types);
    for (const int64_t destination : {int64_t{0}, nodes - 1})
      for (const int64_t source : {int64_t{0}, nodes - 1})
        for (const int type : {0, types - 1}) {
          const uint64_t key = keys.key(destination, source, type);
          EXPECT_EQ(std::tuple(keys.destination(key), keys.type(key), keys.source(key)),
                    std::tuple(destination, type, source));
          EXPECT_LE(keys.key(destination, nodes - 1, type),
                    keys.key(destination, 0, type) + static_cast<uint64_t>(nodes - 1));
          if (type > 0) {
            EXPECT_GT(key, keys.key(destination, nodes - 1, type - 1));
          }
          if (destination > 0) {
            EXPECT_GT(key, keys.key(destination - 1, nodes - 1, types - 1));
          }
        }
  }
  EXPECT_EQ(error_of([] { EdgeKeys((int64_t{1} << 29) + 1, 64); }),
            "536870913 nodes with 64 edge types, expected at most 536870912 nodes with so many");
}

}  // namespace
}  // namespace graphsieve
