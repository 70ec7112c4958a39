// Raw-pointer entry points of relu_dropout on NVIDIA GPUs; no torch from here down.
#pragma once

#include <cstdint>

#include "graphsieve/ops/common/cuda_stream.h"

namespace graphsieve::kernels {

/// The bits of relu_dropout and relu_dropout_backward; all pointers are of the device.
void relu_dropout_cuda(const float* x, int64_t count, double p, uint64_t key, float* y, CudaStream stream);
void relu_dropout_backward_cuda(const float* grad, const float* y, int64_t count, double p, float* dx,
                                CudaStream stream);

}  // namespace graphsieve::kernels
