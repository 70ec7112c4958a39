// SPDX-License-Identifier: Apache-2.0
// The entry point of gather_rows on NVIDIA GPUs, with raw pointers. It does not use torch.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/gather_rows/gather_rows_kernel.h"

namespace graphsieve::kernels {

/// Copies rows as gather_rows() does, from a matrix of `x_rows` rows, which may lie in page-locked memory of the host.
/// A row out of range stops the kernel, and the next call on the stream reports it.
void gather_rows_cuda(const GatherRowsArgs& a, int64_t x_rows, CudaStream stream);

}  // namespace graphsieve::kernels
