// SPDX-License-Identifier: Apache-2.0
// Every key of a row, sorted.
#include <algorithm>
#include <limits>
#include <vector>

#include "graphsieve/ops/reservoir_sample/exponential.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve::kernels {
namespace {

/// How many edges before e in its row have the same source and type.
int64_t occurrence(const ReservoirArgs& a, int64_t begin, int64_t e) {
  int64_t count = 0;
  for (int64_t x = e - 1; x >= begin && a.index[x] == a.index[e] && a.type[x] == a.type[e]; --x) ++count;
  return count;
}

}  // namespace

float sampling_key(const ReservoirArgs& a, int64_t begin, int64_t e, uint64_t row_key, int64_t draw) {
  if (a.rule == SampleRule::kLargest && draw == 0) return -a.weight[e];
  const uint64_t key = edge_key(row_key, a.type[e], occurrence(a, begin, e), draw);
  const float number = exponential(mix32(key, static_cast<uint32_t>(a.index[e])));
  return a.rule == SampleRule::kUniform ? number : number / a.weight[e];
}

void fill_short_row(const ReservoirArgs& a, int64_t begin, int64_t count, uint64_t row_key, int32_t* positions) {
  // Draw r = 1, 2, … gives every edge a new key, and the edge with the smallest key is kept once more. The draws are
  // independent of each other, so one edge may fill several places.
  for (int64_t x = count; x < a.k; ++x) {
    float best = std::numeric_limits<float>::infinity();
    int32_t at = 0;
    for (int64_t e = 0; e < count; ++e) {
      const float key = sampling_key(a, begin, begin + e, row_key, x - count + 1);
      if (key < best) best = key, at = static_cast<int32_t>(e);
    }
    positions[x] = at;
  }
  std::sort(positions, positions + a.k);
}

void reservoir_sample_reference(const ReservoirArgs& a, int32_t* index, int32_t* position) {
  std::vector<std::pair<float, int32_t>> keys;
  std::vector<int32_t> positions(a.k);
  for (int64_t r = 0; r < a.row_count; ++r) {
    const int64_t node = a.rows ? a.rows[r] : r, begin = a.row_start[node], count = a.row_start[node + 1] - begin;
    const uint64_t row_key = random_key(a.key, node);
    keys.clear();
    for (int64_t e = 0; e < count; ++e)
      keys.emplace_back(sampling_key(a, begin, begin + e, row_key, 0), static_cast<int32_t>(e));
    std::sort(keys.begin(), keys.end());
    const int64_t kept = std::min(a.k, count);
    for (int64_t x = 0; x < kept; ++x) positions[x] = keys[x].second;
    std::sort(positions.begin(), positions.begin() + kept);
    if (count > 0 && count < a.k) fill_short_row(a, begin, count, row_key, positions.data());
    for (int64_t x = 0; x < a.k; ++x) {
      index[r * a.k + x] = count > 0 ? a.index[begin + positions[x]] : -1;
      position[r * a.k + x] = count > 0 ? positions[x] : -1;
    }
  }
}

}  // namespace graphsieve::kernels
