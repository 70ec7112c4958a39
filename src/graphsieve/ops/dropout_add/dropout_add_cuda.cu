// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/dropout_add/dropout_add_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

/// Each thread computes elements that are a whole grid apart.
__global__ void __launch_bounds__(kBlock) add_kept(const float* x, const float* residual, int64_t count,
                                                   uint32_t threshold, float scale, uint64_t key, float* y) {
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x; e < count;
       e += static_cast<int64_t>(gridDim.x) * kBlock) {
    const float kept = dropout_keeps(key, threshold, static_cast<uint64_t>(e)) ? x[e] * scale : 0.0f;
    y[e] = residual ? residual[e] + kept : kept;
  }
}

}  // namespace

void dropout_add_cuda(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y,
                      CudaStream stream) {
  launch("dropout_add", add_kept, blocks_for(count, kMostBlocks), 0, stream, x, residual, count, dropout_threshold(p),
         static_cast<float>(dropout_scale(p)), key, y);
}

}  // namespace graphsieve::kernels
