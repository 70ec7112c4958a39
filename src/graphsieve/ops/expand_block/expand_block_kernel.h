// SPDX-License-Identifier: Apache-2.0
// Raw-pointer entry point of expand_block; no torch from here down.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

struct ExpandBlockArgs {
  const int32_t* destinations;
  int64_t destination_count, k;
  const int32_t* index;  ///< destination_count x k, global; −1 = no edge
  const uint8_t* type;
  int32_t* local;  ///< one per node of the graph, all −1; left so
};

struct ExpandedBlock {
  int32_t* sources;    ///< destination_count * (k + 1)
  int64_t* row_start;  ///< destination_count + 1
  int32_t* index;      ///< destination_count * k, local
  uint8_t* type;
  int64_t* t_row_start;  ///< destination_count * (k + 1) + 1
  int32_t* t_index;
  uint8_t* t_type;
};

/// Returns the number of sources. Each source once, destinations first, then in order of first appearance.
int64_t expand_block(const ExpandBlockArgs& a, const ExpandedBlock& to);

/// The same through ordered maps: the oracle of the tests.
int64_t expand_block_reference(const ExpandBlockArgs& a, const ExpandedBlock& to);

}  // namespace graphsieve::kernels
