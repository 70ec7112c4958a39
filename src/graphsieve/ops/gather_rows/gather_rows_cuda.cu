// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/gather_rows/gather_rows_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

/// Each thread copies one Unit of a row.
template <class Unit>
__global__ void __launch_bounds__(kBlock) copy_rows(GatherRowsArgs a, int64_t x_rows) {
  const int64_t units = a.row_bytes / static_cast<int64_t>(sizeof(Unit));
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x; i < a.count * units;
       i += static_cast<int64_t>(gridDim.x) * kBlock) {
    const int64_t row = a.rows[i / units];
    if (row < 0 || row >= x_rows) stop("gather_rows: a row out of range");
    reinterpret_cast<Unit*>(a.out)[i] = reinterpret_cast<const Unit*>(a.x + row * a.row_bytes)[i % units];
  }
}

template <class Unit>
bool fits(const GatherRowsArgs& a) {
  return (reinterpret_cast<uintptr_t>(a.x) | reinterpret_cast<uintptr_t>(a.out) | static_cast<uintptr_t>(a.row_bytes)) %
             sizeof(Unit) ==
         0;
}

}  // namespace

void gather_rows_cuda(const GatherRowsArgs& a, int64_t x_rows, CudaStream stream) {
  const auto kernel = fits<uint4>(a) ? copy_rows<uint4> : fits<uint32_t>(a) ? copy_rows<uint32_t> : copy_rows<uint8_t>;
  const int64_t unit = fits<uint4>(a) ? 16 : fits<uint32_t>(a) ? 4 : 1;
  launch("gather_rows", kernel, blocks_for(a.count * (a.row_bytes / unit), kMostBlocks), 0, stream, a, x_rows);
}

}  // namespace graphsieve::kernels
