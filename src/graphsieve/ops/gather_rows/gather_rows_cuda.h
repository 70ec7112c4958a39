// Raw-pointer entry point of gather_rows on NVIDIA GPUs; no torch from here down.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/gather_rows/gather_rows_kernel.h"

namespace graphsieve::kernels {

/// As gather_rows for a matrix of `x_rows` rows, which may lie in page-locked memory of the host. A row out of range
/// stops the kernel: the stream's next call reports it.
void gather_rows_cuda(const GatherRowsArgs& a, int64_t x_rows, CudaStream stream);

}  // namespace graphsieve::kernels
