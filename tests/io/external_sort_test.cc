#include "graphsieve/io/external_sort.h"

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
  EXPECT_EQ(error_of([] { ExternalSort(".", 100); }), "sorting within 100 bytes, expected at least 65536");
}

TEST(ExternalSort, EdgesGoByDestinationThenSource) {
  EXPECT_LT(edge_key(1, 9), edge_key(2, 0));
  EXPECT_LT(edge_key(2, 0), edge_key(2, 1));
  EXPECT_EQ(destination_of(edge_key(2147483646, 5)), 2147483646);
  EXPECT_EQ(source_of(edge_key(7, 2147483646)), 2147483646);
}

}  // namespace
}  // namespace graphsieve
