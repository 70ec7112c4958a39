// SPDX-License-Identifier: Apache-2.0
// External sort against std::sort, for any number of records and any memory.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <compare>

#include "graphsieve/base/random.h"
#include "graphsieve/files/external_sort.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

struct Wide {
  uint32_t key;
  uint32_t payload[2];
  auto operator<=>(const Wide&) const = default;
};

/// Records drawn by a key; few different ones where `kinds` is small.
template <class Record>
std::vector<Record> records(uint64_t key, size_t count, uint64_t kinds) {
  std::vector<Record> out(count);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t number = uniform_below(random_key(key, i), kinds);
    if constexpr (std::is_same_v<Record, Wide>)
      out[i] = {static_cast<uint32_t>(number), {static_cast<uint32_t>(mix64(number)), 7}};
    else
      out[i] = number;
  }
  return out;
}

template <class Record>
void sorts() {
  const auto count = *rc::gen::inRange<size_t>(0, 12000);
  const auto memory = *rc::gen::inRange<int64_t>(16 << 10, 128 << 10);
  const auto kinds = *rc::gen::element<uint64_t>(1, 3, 1000, ~uint64_t{0});
  std::vector<Record> expected = records<Record>(*rc::gen::arbitrary<uint64_t>(), count, kinds), found;
  const TempDir dir;
  ExternalSortOf<Record> sort(dir.path(), memory);
  for (const Record& record : expected) sort.add(record);
  RC_ASSERT(sort.size() == static_cast<int64_t>(count));
  sort.merge([&](std::span<const Record> block) {
    RC_ASSERT(!block.empty());
    found.insert(found.end(), block.begin(), block.end());
  });
  std::sort(expected.begin(), expected.end());
  RC_ASSERT(found == expected);
  RC_ASSERT(std::filesystem::is_empty(dir.path()));
}

RC_GTEST_PROP(ExternalSortProperty, OfKeysIsStdSort, ()) { sorts<uint64_t>(); }
RC_GTEST_PROP(ExternalSortProperty, OfWideRecordsIsStdSort, ()) { sorts<Wide>(); }

RC_GTEST_PROP(EdgeKeysProperty, GiveBackWhatWentIn, ()) {
  const auto nodes = *rc::gen::inRange<int64_t>(1, int64_t{1} << 28);
  const auto types = *rc::gen::inRange(1, 65);
  const EdgeKeys keys(nodes, types);
  const auto edge = rc::gen::tuple(rc::gen::inRange<int64_t>(0, nodes), rc::gen::inRange(0, types),
                                   rc::gen::inRange<int64_t>(0, nodes));
  const auto [d, t, s] = *edge;
  const auto [d2, t2, s2] = *edge;
  const uint64_t key = keys.key(d, s, t);
  RC_ASSERT(keys.destination(key) == d);
  RC_ASSERT(keys.type(key) == t);
  RC_ASSERT(keys.source(key) == s);
  RC_ASSERT((key < keys.key(d2, s2, t2)) == (std::tuple(d, t, s) < std::tuple(d2, t2, s2)));
}

}  // namespace
}  // namespace graphsieve
