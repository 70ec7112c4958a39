// SPDX-License-Identifier: Apache-2.0
// The floor under sparse attention on a GPU: reads the row that each edge names, adds the rows of kChunk edges that
// follow each other, and writes one row for them. It reads 16 bytes per lane, and has as many rows under way as the
// attention has. It needs no destinations, so that hubs do not slow it.
#include <cuda_runtime.h>

#include <cstdint>

namespace {

constexpr int kBlock = 256, kWarp = 32, kUnroll = 4, kChunk = 64;

/// kPacks: units of 16 bytes that a lane reads of each row.
template <int kPacks>
__global__ void gather(const uint4* rows, int units, const int32_t* index, int64_t edges, uint4* out) {
  const int lanes = units / kPacks, lane = threadIdx.x % kWarp, slots = kWarp / lanes, slot = lane / lanes;
  const int unit = lane % lanes;
  const int64_t step = static_cast<int64_t>(gridDim.x) * (kBlock / kWarp);
  for (int64_t i = (static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x) / kWarp; i * kChunk < edges; i += step) {
    const int64_t end = (i + 1) * kChunk < edges ? (i + 1) * kChunk : edges;
    uint4 sum[kPacks]{};
    for (int64_t e = i * kChunk + slot; e < end; e += slots * kUnroll) {
      uint4 row[kUnroll][kPacks]{};
#pragma unroll
      for (int x = 0; x < kUnroll; ++x)
        if (e + x * slots < end)
#pragma unroll
          for (int p = 0; p < kPacks; ++p)
            row[x][p] = __ldg(rows + static_cast<int64_t>(index[e + x * slots]) * units + p * lanes + unit);
#pragma unroll
      for (int x = 0; x < kUnroll; ++x)
#pragma unroll
        for (int p = 0; p < kPacks; ++p)
          sum[p].x ^= row[x][p].x, sum[p].y ^= row[x][p].y, sum[p].z ^= row[x][p].z, sum[p].w ^= row[x][p].w;
    }
#pragma unroll
    for (int p = 0; p < kPacks; ++p) {
      for (int o = lanes; o < kWarp; o *= 2) {
        sum[p].x ^= __shfl_xor_sync(~0u, sum[p].x, o), sum[p].y ^= __shfl_xor_sync(~0u, sum[p].y, o);
        sum[p].z ^= __shfl_xor_sync(~0u, sum[p].z, o), sum[p].w ^= __shfl_xor_sync(~0u, sum[p].w, o);
      }
      if (slot == 0) out[i * units + p * lanes + unit] = sum[p];
    }
  }
}

}  // namespace

/// rows of `row_bytes`, a power of two from 16 to 1024; out has a row for every 64 edges. Returns an error of CUDA, 0
/// for none.
extern "C" int bare_gather(const void* rows, int64_t row_bytes, const int32_t* index, int64_t edges, void* out,
                           void* stream) {
  if (row_bytes < 16 || row_bytes > 1024 || (row_bytes & (row_bytes - 1)) != 0) return cudaErrorInvalidValue;
  const auto kernel = row_bytes > 512 ? gather<2> : gather<1>;
  kernel<<<4096, kBlock, 0, static_cast<cudaStream_t>(stream)>>>(
      static_cast<const uint4*>(rows), static_cast<int>(row_bytes / 16), index, edges, static_cast<uint4*>(out));
  return cudaGetLastError();
}
