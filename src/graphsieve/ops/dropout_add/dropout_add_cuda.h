// SPDX-License-Identifier: Apache-2.0
// The entry point of dropout_add on NVIDIA GPUs, with raw pointers. It does not use torch.
#pragma once

#include <cstdint>

#include "graphsieve/ops/common/cuda_stream.h"

namespace graphsieve::kernels {

/// Computes the same bits as dropout_add(); all pointers are device pointers.
void dropout_add_cuda(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y,
                      CudaStream stream);

}  // namespace graphsieve::kernels
