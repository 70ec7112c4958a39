// SPDX-License-Identifier: Apache-2.0
// The floor under sparse attention on a GPU: reads a row an edge, adds the rows of a destination, writes one row for
// each. 16 bytes a lane, as many rows under way as the attention has.
#include <cuda_runtime.h>

#include <cstdint>

namespace {

constexpr int kBlock = 256, kWarp = 32, kUnroll = 4;

__global__ void gather(const uint4* rows, int units, const int64_t* row_start, const int32_t* index, int64_t count,
                       uint4* out) {
  const int lane = threadIdx.x % kWarp, slots = kWarp / units, slot = lane / units, unit = lane % units;
  const int64_t step = static_cast<int64_t>(gridDim.x) * (kBlock / kWarp);
  for (int64_t i = (static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x) / kWarp; i < count; i += step) {
    uint4 sum{};
    for (int64_t e = row_start[i] + slot; e < row_start[i + 1]; e += slots * kUnroll) {
      uint4 row[kUnroll]{};
#pragma unroll
      for (int x = 0; x < kUnroll; ++x)
        if (e + x * slots < row_start[i + 1])
          row[x] = __ldg(rows + static_cast<int64_t>(index[e + x * slots]) * units + unit);
#pragma unroll
      for (int x = 0; x < kUnroll; ++x) sum.x ^= row[x].x, sum.y ^= row[x].y, sum.z ^= row[x].z, sum.w ^= row[x].w;
    }
    for (int o = units; o < kWarp; o *= 2) {
      sum.x ^= __shfl_xor_sync(~0u, sum.x, o), sum.y ^= __shfl_xor_sync(~0u, sum.y, o);
      sum.z ^= __shfl_xor_sync(~0u, sum.z, o), sum.w ^= __shfl_xor_sync(~0u, sum.w, o);
    }
    if (slot == 0) out[i * units + unit] = sum;
  }
}

}  // namespace

/// rows of `row_bytes`, a power of two from 16 to 512; out has `count` rows. Returns cudaGetLastError.
extern "C" int bare_gather(const void* rows, int64_t row_bytes, const int64_t* row_start, const int32_t* index,
                           int64_t count, void* out, void* stream) {
  gather<<<4096, kBlock, 0, static_cast<cudaStream_t>(stream)>>>(static_cast<const uint4*>(rows),
                                                                 static_cast<int>(row_bytes / 16), row_start, index,
                                                                 count, static_cast<uint4*>(out));
  return cudaGetLastError();
}
