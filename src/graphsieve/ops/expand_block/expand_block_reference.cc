// SPDX-License-Identifier: Apache-2.0
// Maps for the oracle; one pass with an array of local numbers and a counting sort for use. Random access to `local` is
// all that takes time, so there is no vector version.
#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graphsieve/ops/expand_block/expand_block_kernel.h"

namespace graphsieve::kernels {

int64_t expand_block_reference(const ExpandBlockArgs& a, const ExpandedBlock& to) {
  std::unordered_map<int32_t, int32_t> number;
  int64_t count = 0;
  const auto number_of = [&](int32_t node) {
    const auto [found, fresh] = number.try_emplace(node, static_cast<int32_t>(count));
    if (fresh) to.sources[count++] = node;
    return found->second;
  };
  for (int64_t i = 0; i < a.destination_count; ++i) number_of(a.destinations[i]);
  std::vector<std::vector<std::pair<int32_t, uint8_t>>> by_source(a.destination_count * (a.k + 1));
  int64_t edges = 0;
  for (int64_t i = 0; i < a.destination_count; ++i) {
    to.row_start[i] = edges;
    for (int64_t x = i * a.k; x < (i + 1) * a.k; ++x) {
      if (a.index[x] < 0) continue;
      to.index[edges] = number_of(a.index[x]);
      to.type[edges] = a.type[x];
      by_source[to.index[edges]].emplace_back(static_cast<int32_t>(i), a.type[x]);
      ++edges;
    }
  }
  to.row_start[a.destination_count] = edges;
  int64_t at = 0;
  for (size_t s = 0; s < by_source.size(); ++s) {
    to.t_row_start[s] = at;
    for (const auto& [destination, type] : by_source[s]) {
      to.t_index[at] = destination;
      to.t_type[at++] = type;
    }
  }
  to.t_row_start[by_source.size()] = at;
  return count;
}

constexpr int64_t kAhead = 16;  ///< edges whose sources' numbers are asked for before they are needed

int64_t expand_block(const ExpandBlockArgs& a, const ExpandedBlock& to) {
  int64_t count = 0, edges = 0;
  // Destinations get the first numbers. A node's entry of `local` is its number, or −1 until the node is met.
  for (int64_t i = 0; i < a.destination_count; ++i) {
    a.local[a.destinations[i]] = static_cast<int32_t>(count);
    to.sources[count++] = a.destinations[i];
  }
  // The number of sources is known only at the end, so t_row_start has an entry for the largest possible number of
  // sources. The pass counts the edges of source s in entry s + 1, from which the prefix sum makes the starts.
  const int64_t most = a.destination_count * (a.k + 1), drawn = a.destination_count * a.k;
  std::fill_n(to.t_row_start, most + 1, int64_t{0});
  for (int64_t i = 0; i < a.destination_count; ++i) {
    to.row_start[i] = edges;
    for (int64_t x = i * a.k; x < (i + 1) * a.k; ++x) {
      const int32_t node = a.index[x];
      if (x + kAhead < drawn) __builtin_prefetch(a.local + std::max(0, a.index[x + kAhead]), 1);
      if (node < 0) continue;
      int32_t& number = a.local[node];
      if (number < 0) {
        number = static_cast<int32_t>(count);
        to.sources[count++] = node;
      }
      to.index[edges] = number;
      to.type[edges] = a.type[x];
      ++to.t_row_start[number + 1];
      ++edges;
    }
  }
  to.row_start[a.destination_count] = edges;
  for (int64_t s = 0; s < most; ++s) to.t_row_start[s + 1] += to.t_row_start[s];
  // Fill each source's edges by moving its start along, then move the starts back by one source.
  for (int64_t i = 0; i < a.destination_count; ++i)
    for (int64_t e = to.row_start[i]; e < to.row_start[i + 1]; ++e) {
      const int64_t at = to.t_row_start[to.index[e]]++;
      to.t_index[at] = static_cast<int32_t>(i);
      to.t_type[at] = to.type[e];
    }
  for (int64_t s = most; s > 0; --s) to.t_row_start[s] = to.t_row_start[s - 1];
  to.t_row_start[0] = 0;
  for (int64_t s = 0; s < count; ++s) a.local[to.sources[s]] = -1;
  return count;
}

}  // namespace graphsieve::kernels
