// Raw-pointer entry point of sparse_linear on NVIDIA GPUs; no torch from here down.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"

namespace graphsieve::kernels {

/// y = X W_t + b for W_t [columns of X, out], b null for none; all pointers are of the device. The backward pass is the
/// same product of the transpose and the gradient.
void sparse_linear_cuda(const SparseRows<float>& x, const float* weight_t, const float* bias, int64_t out, float* y,
                        CudaStream stream);

}  // namespace graphsieve::kernels
