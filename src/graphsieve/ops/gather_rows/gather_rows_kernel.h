// SPDX-License-Identifier: Apache-2.0
// The copy of gather_rows. It does not use torch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace graphsieve::kernels {

/// The matrix, the numbers of the rows to copy, and the memory for them.
struct GatherRowsArgs {
  const std::byte* x = nullptr;  ///< the matrix, in rows of `row_bytes` bytes
  int64_t row_bytes = 0;
  const int32_t* rows = nullptr;  ///< [count], numbers of the rows to copy
  int64_t count = 0;
  std::byte* out = nullptr;  ///< memory for [count] rows
};

void gather_rows_reference(const GatherRowsArgs& args);
void gather_rows(const GatherRowsArgs& args);

}  // namespace graphsieve::kernels
