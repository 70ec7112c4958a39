// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/generate.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/graph/permutation.h"

namespace graphsieve {
namespace {

enum Purpose : uint64_t { kMines, kHidden, kMasks };

constexpr int64_t kColumns = 7;
constexpr int64_t kSplits = 10;

/// Draws `count` of `nodes` nodes at random and returns a flag per node.
std::vector<bool> draw(int64_t nodes, int64_t count, uint64_t key) {
  const KeyedPermutation permutation(nodes, key);
  std::vector<bool> out(nodes, false);
  for (int64_t i = 0; i < count; ++i) out[permutation(i)] = true;
  return out;
}

/// Joins each cell to its right neighbour and to the three cells below it, so that each edge is listed once.
std::vector<std::pair<int32_t, int32_t>> grid_edges(int64_t side) {
  std::vector<std::pair<int32_t, int32_t>> out;
  for (int64_t row = 0; row < side; ++row)
    for (int64_t column = 0; column < side; ++column) {
      const auto join = [&](int64_t r, int64_t c) {
        if (r < side && c >= 0 && c < side)
          out.emplace_back(static_cast<int32_t>(row * side + column), static_cast<int32_t>(r * side + c));
      };
      join(row, column + 1);
      for (const int64_t step : {-1, 0, 1}) join(row + 1, column + step);
    }
  return out;
}

/// Returns the features of the cells: hidden, and the number of mines next to a cell that is not hidden.
Features count_features(const Dataset& data, const std::vector<bool>& hidden) {
  std::vector<int> mines(data.nodes, 0);
  for (const auto& [a, b] : data.edges) {
    mines[a] += data.labels.single[b];
    mines[b] += data.labels.single[a];
  }
  Features out;
  out.rows = data.nodes;
  out.cols = kColumns;
  out.dense.assign(data.nodes * kColumns, 0);
  for (int64_t i = 0; i < data.nodes; ++i) out.dense[i * kColumns + (hidden[i] ? 0 : 1 + std::min(mines[i], 5))] = 1;
  return out;
}

}  // namespace

Dataset generate_minesweeper(uint64_t seed, int64_t side) {
  if (side < 4 || side > 10000) throw Error("minesweeper: a side of ", side, " cells, expected 4 to 10000");
  Dataset data;
  data.name = "generated-minesweeper";
  data.source = "generated";
  data.generator_seed = seed;
  data.recipe = "minesweeper";
  data.recognised = "generated";
  data.nodes = side * side;
  data.edges = grid_edges(side);
  const std::vector<bool> mine = draw(data.nodes, data.nodes / 5, random_key(seed, Stream::kGenerate, kMines));
  data.labels.classes = 2;
  data.labels.single.assign(mine.begin(), mine.end());
  data.features = count_features(data, draw(data.nodes, data.nodes / 2, random_key(seed, Stream::kGenerate, kHidden)));
  for (int64_t s = 0; s < kSplits; ++s)
    data.given_splits.push_back(
        stratified_split(data.labels, 0.5, 0.25, random_key(seed, Stream::kGenerate, kMasks, s)));
  return data;
}

}  // namespace graphsieve
