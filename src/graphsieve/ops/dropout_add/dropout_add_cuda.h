// Raw-pointer entry point of dropout_add on NVIDIA GPUs; no torch from here down.
#pragma once

#include <cstdint>

#include "graphsieve/ops/common/cuda_stream.h"

namespace graphsieve::kernels {

/// The bits of dropout_add; all pointers are of the device.
void dropout_add_cuda(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y,
                      CudaStream stream);

}  // namespace graphsieve::kernels
