// SPDX-License-Identifier: Apache-2.0
// The functions of CUDA that the .cu files use. nvcc compiles these files for the device. A C++ compiler compiles the
// same files with GRAPHSIEVE_EMULATED_CUDA, where the threads of a block are fibers (tests/cuda/emulated_cuda.h), for
// tests without a GPU.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "graphsieve/base/error.h"
#include "graphsieve/ops/common/bfloat16.h"
#include "graphsieve/ops/common/cuda_stream.h"

#ifdef GRAPHSIEVE_EMULATED_CUDA
#include "emulated_cuda.h"
#else
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdio>
#endif

namespace graphsieve::kernels::device {

inline constexpr int kWarp = 32;
inline constexpr int kBlock = 256;  ///< threads of a block
inline constexpr int64_t kMostBlocks =
    2048;  ///< blocks of most grids; a constant, so that sums over blocks do not depend on the GPU
inline constexpr float kLog2e = 1.4426950408889634f, kLn2 = 0.6931471805599453f;

#ifndef GRAPHSIEVE_EMULATED_CUDA

inline void check(cudaError_t code, const char* what) {
  if (code != cudaSuccess) throw Error(what, ": ", cudaGetErrorString(code));
}

/// Launches `blocks` blocks of kBlock threads, each with `shared` bytes of shared memory. Throws Error if the launch
/// fails.
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), int64_t blocks, size_t shared, CudaStream stream,
            Arguments... arguments) {
  if (blocks == 0) return;
  if (shared > 48 << 10)
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared)),
          name);
  kernel<<<static_cast<unsigned>(blocks), kBlock, shared, static_cast<cudaStream_t>(stream)>>>(
      static_cast<Parameters>(arguments)...);
  check(cudaGetLastError(), name);
}

/// Sets `bytes` bytes of device memory to `value`.
inline void fill_bytes(void* to, int value, size_t bytes, CudaStream stream) {
  check(cudaMemsetAsync(to, value, bytes, static_cast<cudaStream_t>(stream)), "memset");
}

/// Ends the kernel with an error, which the next call on the stream reports.
__device__ inline void stop(const char* why) {
  printf("graphsieve: %s\n", why);
  __trap();
}

template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ uint4 graphsieve_shared[];
  return reinterpret_cast<T*>(graphsieve_shared);
}

__device__ inline float half_to_float(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
__device__ inline uint16_t float_to_half(float x) { return __half_as_ushort(__float2half_rn(x)); }

#endif

/// Convert storage types to float and back, rounded to nearest, ties to even.
__device__ inline float widen(float x) { return x; }
__device__ inline float widen(Float16 x) { return half_to_float(x.bits); }
__device__ inline float widen(BFloat16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16); }

template <class T>
__device__ T narrow(float x);
template <>
__device__ inline float narrow<float>(float x) {
  return x;
}
template <>
__device__ inline Float16 narrow<Float16>(float x) {
  return {float_to_half(x)};
}
template <>
__device__ inline BFloat16 narrow<BFloat16>(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (x != x) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

/// 16 bytes of a row, the unit of loads and stores.
template <class T>
union Pack {
  static constexpr int kColumns = 16 / sizeof(T);
  uint4 bytes;
  T items[kColumns];
};

template <class T>
__device__ inline Pack<T> load_pack(const T* from) {
  return Pack<T>{__ldg(reinterpret_cast<const uint4*>(from))};
}

template <class T>
__device__ inline void store_pack(T* to, const float* from) {
  Pack<T> pack;
#pragma unroll
  for (int c = 0; c < Pack<T>::kColumns; ++c) pack.items[c] = narrow<T>(from[c]);
  *reinterpret_cast<uint4*>(to) = pack.bytes;
}

/// Returns a mask of the lanes in the aligned group of `lanes` lanes that includes this thread.
__device__ inline uint32_t group_mask(int lanes) {
  if (lanes == kWarp) return 0xFFFFFFFFu;
  return ((1u << lanes) - 1) << (threadIdx.x % kWarp / lanes * lanes);
}

/// Returns the number of blocks for so many threads, at most `most`.
inline int64_t blocks_for(int64_t threads, int64_t most) {
  const int64_t blocks = (threads + kBlock - 1) / kBlock;
  return blocks < most ? blocks : most;
}

}  // namespace graphsieve::kernels::device
