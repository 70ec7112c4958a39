// SPDX-License-Identifier: Apache-2.0
// The entry point of sparse_linear on NVIDIA GPUs, with raw pointers. It does not use torch.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"

namespace graphsieve::kernels {

/// Computes y = X W_t + b for W_t [columns of X, out]; b may be null. All pointers are device pointers. The backward
/// pass is the same product with the transpose of X and the gradient.
void sparse_linear_cuda(const SparseRows<float>& x, const float* weight_t, const float* bias, int64_t out, float* y,
                        CudaStream stream);

}  // namespace graphsieve::kernels
