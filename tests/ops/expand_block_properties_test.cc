// SPDX-License-Identifier: Apache-2.0
// expand_block against an obvious version: sources by order of first appearance, edges one by one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "graphsieve/ops/expand_block/expand_block_kernel.h"

namespace graphsieve {
namespace {

struct HostBlock {
  std::vector<int32_t> sources, index, t_index;
  std::vector<int64_t> row_start, t_row_start;
  std::vector<uint8_t> type, t_type;
  HostBlock(int64_t d, int64_t k)
      : sources(d * (k + 1)),
        index(d * k),
        t_index(d * k),
        row_start(d + 1),
        t_row_start(d * (k + 1) + 1),
        type(d * k),
        t_type(d * k) {}
  kernels::ExpandedBlock pointers() {
    return {sources.data(),     row_start.data(), index.data(), type.data(),
            t_row_start.data(), t_index.data(),   t_type.data()};
  }
};

RC_GTEST_PROP(ExpandBlockProperty, NumbersSourcesByFirstAppearance, ()) {
  const auto nodes = *rc::gen::inRange<int32_t>(1, 50);
  const auto k = *rc::gen::inRange<int64_t>(0, 6);
  std::vector<int32_t> destinations = *rc::gen::unique<std::vector<int32_t>>(rc::gen::inRange<int32_t>(0, nodes));
  const auto d = static_cast<int64_t>(destinations.size());
  const auto drawn = *rc::gen::container<std::vector<int32_t>>(d * k, rc::gen::inRange<int32_t>(-1, nodes));
  const auto types = *rc::gen::container<std::vector<uint8_t>>(d * k, rc::gen::inRange<uint8_t>(0, 4));
  std::vector<int32_t> local(nodes, -1);
  HostBlock block(d, k);
  const int64_t count =
      kernels::expand_block({destinations.data(), d, k, drawn.data(), types.data(), local.data()}, block.pointers());

  std::vector<int32_t> sources = destinations;
  for (const int32_t node : drawn)
    if (node >= 0 && std::find(sources.begin(), sources.end(), node) == sources.end()) sources.push_back(node);
  RC_ASSERT(count == static_cast<int64_t>(sources.size()));
  RC_ASSERT(std::equal(sources.begin(), sources.end(), block.sources.begin()));
  RC_ASSERT(std::all_of(local.begin(), local.end(), [](int32_t number) { return number == -1; }));

  struct Edge {
    int64_t destination, source;
    uint8_t type;
    bool operator==(const Edge&) const = default;
  };
  std::vector<Edge> expected, found, turned;
  for (int64_t x = 0; x < d * k; ++x)
    if (drawn[x] >= 0)
      expected.push_back({x / k, std::find(sources.begin(), sources.end(), drawn[x]) - sources.begin(), types[x]});
  for (int64_t i = 0; i < d; ++i)
    for (int64_t e = block.row_start[i]; e < block.row_start[i + 1]; ++e)
      found.push_back({i, block.index[e], block.type[e]});
  RC_ASSERT(found == expected);
  for (int64_t s = 0; s < count; ++s)
    for (int64_t e = block.t_row_start[s]; e < block.t_row_start[s + 1]; ++e)
      turned.push_back({block.t_index[e], s, block.t_type[e]});
  std::stable_sort(expected.begin(), expected.end(), [](const Edge& a, const Edge& b) { return a.source < b.source; });
  RC_ASSERT(turned == expected);
}

}  // namespace
}  // namespace graphsieve
