// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

__global__ void __launch_bounds__(kBlock)
    keep_positive(const float* x, int64_t count, uint32_t threshold, float scale, uint64_t key, float* y) {
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x; e < count;
       e += static_cast<int64_t>(gridDim.x) * kBlock)
    y[e] = x[e] <= 0 || !dropout_keeps(key, threshold, static_cast<uint64_t>(e)) ? 0.0f : x[e] * scale;
}

__global__ void __launch_bounds__(kBlock)
    keep_gradient(const float* grad, const float* y, int64_t count, float scale, float* dx) {
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x; e < count;
       e += static_cast<int64_t>(gridDim.x) * kBlock)
    dx[e] = y[e] <= 0 ? 0.0f : grad[e] * scale;
}

}  // namespace

void relu_dropout_cuda(const float* x, int64_t count, double p, uint64_t key, float* y, CudaStream stream) {
  launch("relu_dropout", keep_positive, blocks_for(count, kMostBlocks), 0, stream, x, count, dropout_threshold(p),
         static_cast<float>(dropout_scale(p)), key, y);
}

void relu_dropout_backward_cuda(const float* grad, const float* y, int64_t count, double p, float* dx,
                                CudaStream stream) {
  launch("relu_dropout_backward", keep_gradient, blocks_for(count, kMostBlocks), 0, stream, grad, y, count,
         static_cast<float>(dropout_scale(p)), dx);
}

}  // namespace graphsieve::kernels
