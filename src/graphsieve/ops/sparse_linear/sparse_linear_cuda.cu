// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/sparse_linear/sparse_linear_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

/// Each thread computes one number of y and adds the row's entries in order. Neighbouring threads read the same rows of
/// weight_t.
__global__ void __launch_bounds__(kBlock)
    multiply_rows(SparseRows<float> x, const float* weight_t, const float* bias, int64_t out, float* y) {
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x; i < x.rows * out;
       i += static_cast<int64_t>(gridDim.x) * kBlock) {
    const int64_t r = i / out, c = i % out;
    float sum = 0;
    for (int64_t e = x.row_start[r]; e < x.row_start[r + 1]; ++e) sum += x.value[e] * weight_t[x.index[e] * out + c];
    y[i] = bias ? sum + bias[c] : sum;
  }
}

}  // namespace

void sparse_linear_cuda(const SparseRows<float>& x, const float* weight_t, const float* bias, int64_t out, float* y,
                        CudaStream stream) {
  launch("sparse_linear", multiply_rows, blocks_for(x.rows * out, kMostBlocks), 0, stream, x, weight_t, bias, out, y);
}

}  // namespace graphsieve::kernels
