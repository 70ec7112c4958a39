// SPDX-License-Identifier: Apache-2.0
// The reference copies one row after the other. The function for use does the same in parallel and prefetches the rows
// ahead. All the time goes into waiting for memory, so there is no vector version.
#include <algorithm>
#include <cstring>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/gather_rows/gather_rows_kernel.h"

namespace graphsieve::kernels {
namespace {

constexpr int64_t kLine = 64, kBlock = 4096;
constexpr int64_t kAheadBytes = 8192;  ///< bytes of rows that are prefetched before they are needed

void copy_row(const GatherRowsArgs& a, int64_t i) {
  if (a.row_bytes > 0)
    std::memcpy(a.out + i * a.row_bytes, a.x + a.rows[i] * a.row_bytes, static_cast<size_t>(a.row_bytes));
}

void ask_for(const std::byte* row, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += kLine) __builtin_prefetch(row + at);
  __builtin_prefetch(row + bytes - 1);  // a row may end in one more line
}

}  // namespace

void gather_rows_reference(const GatherRowsArgs& a) {
  for (int64_t i = 0; i < a.count; ++i) copy_row(a, i);
}

void gather_rows(const GatherRowsArgs& a) {
  if (a.row_bytes == 0) return;
  const int64_t ahead = std::clamp<int64_t>(kAheadBytes / a.row_bytes, 1, 64);
  parallel_blocks(a.count, kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (i + ahead < end) ask_for(a.x + a.rows[i + ahead] * a.row_bytes, a.row_bytes);
      copy_row(a, i);
    }
  });
}

}  // namespace graphsieve::kernels
