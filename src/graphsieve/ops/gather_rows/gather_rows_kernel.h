// The copy behind ops::gather_rows; no torch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace graphsieve::kernels {

struct GatherRowsArgs {
  const std::byte* x = nullptr;    ///< rows of `row_bytes` each
  int64_t row_bytes = 0;
  const int32_t* rows = nullptr;   ///< [count]
  int64_t count = 0;
  std::byte* out = nullptr;        ///< [count] rows
};

void gather_rows_reference(const GatherRowsArgs& args);
void gather_rows(const GatherRowsArgs& args);

}  // namespace graphsieve::kernels
