// SPDX-License-Identifier: Apache-2.0
// Raw-pointer entry points of reservoir_sample; no torch from here down. Shapes and rule: README.md.
#pragma once

#include <cstdint>

#include "graphsieve/base/random.h"
#include "graphsieve/ops/reservoir_sample/sample_rule.h"

namespace graphsieve::kernels {

struct ReservoirArgs {
  const int64_t* row_start;  ///< of the graph
  const int32_t* index;
  const uint8_t* type;
  const float* weight;  ///< one per edge, >= 0; may be null for kUniform
  const int32_t* rows;  ///< nodes to draw for, or null for row r = node r
  int64_t row_count;
  int64_t edge_count;  ///< of the graph
  int64_t k;
  SampleRule rule;
  uint64_t key;  ///< of (seed, epoch, layer[, batch])
};

/// Source and position of the k edges of each row, in the row's order. The position counts the row's edges from 0, so
/// that edge row_start[node] + position of the graph was drawn. Both are −1 throughout for a node without edges.
void reservoir_sample_reference(const ReservoirArgs& a, int32_t* index, int32_t* position);
void reservoir_sample(const ReservoirArgs& a, int32_t* index, int32_t* position);

/// Key of one edge's number; `draw` is 0 for the draw without replacement, r for the r-th edge that fills a short row.
constexpr uint64_t edge_key(uint64_t row_key, uint8_t type, int64_t occurrence, int64_t draw) {
  return random_key(row_key, static_cast<uint64_t>(type) | static_cast<uint64_t>(occurrence) << 8,
                    static_cast<uint64_t>(draw));
}

/// The key by which edge e of the row that begins at `begin` competes in a draw: the k smallest are kept, ties by
/// position, so the edges kept of one k are among those of every larger.
float sampling_key(const ReservoirArgs& a, int64_t begin, int64_t e, uint64_t row_key, int64_t draw);

/// Fills `count < k` kept edges of a short row up to k, drawing again from the same edges; used by both versions.
/// positions[0 … count) are the row's edges; on return positions[0 … k) ascending.
void fill_short_row(const ReservoirArgs& a, int64_t begin, int64_t count, uint64_t row_key, int32_t* positions);

}  // namespace graphsieve::kernels
