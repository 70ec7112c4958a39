// SPDX-License-Identifier: Apache-2.0
// The entry points of relu_dropout on NVIDIA GPUs, with raw pointers. They do not use torch.
#pragma once

#include <cstdint>

#include "graphsieve/ops/common/cuda_stream.h"

namespace graphsieve::kernels {

/// Compute the same bits as relu_dropout() and relu_dropout_backward(); all pointers are device pointers.
void relu_dropout_cuda(const float* x, int64_t count, double p, uint64_t key, float* y, CudaStream stream);
void relu_dropout_backward_cuda(const float* grad, const float* y, int64_t count, double p, float* dx,
                                CudaStream stream);

}  // namespace graphsieve::kernels
