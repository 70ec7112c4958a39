// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/degree_counts.h"

#include <algorithm>

namespace graphsieve {

DegreeCounts degree_counts(int64_t nodes, const std::function<int64_t(int64_t)>& degree) {
  DegreeCounts counts;
  for (int64_t i = 0; i < nodes; ++i) {
    const auto d = static_cast<size_t>(degree(i));
    if (d >= counts.size()) counts.resize(d + 1, 0);
    ++counts[d];
  }
  return counts;
}

DegreeCounts degree_counts(std::span<const int64_t> row_start) {
  return degree_counts(std::ssize(row_start) - 1, [&](int64_t i) { return row_start[i + 1] - row_start[i]; });
}

double edge_share(const DegreeCounts& counts, const std::vector<int64_t>& k) {
  double kept = 0, edges = 0;
  for (size_t d = 0; d < counts.size(); ++d) {
    const auto nodes = static_cast<double>(counts[d]);
    edges += nodes * static_cast<double>(d);
    for (const int64_t limit : k) kept += nodes * static_cast<double>(std::min(limit, static_cast<int64_t>(d)));
  }
  return k.empty() || edges == 0 ? 0 : kept / static_cast<double>(k.size()) / edges;
}

}  // namespace graphsieve
