// SPDX-License-Identifier: Apache-2.0
// A warp draws for a row. It keeps the smallest keys that it has seen sorted over its lanes, kHeld in each; 32 edges at
// a time, those below the largest kept one are sorted and merged in. A long row's keys seldom pass, so most of the time
// goes into making keys. Compiled without fused operations: keys have the bits of every other version.
#include <cmath>

#include "graphsieve/ops/common/device.cuh"
#include "graphsieve/ops/reservoir_sample/exponential.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_cuda.h"

namespace graphsieve::kernels {
namespace {

using namespace device;

constexpr uint32_t kAll = 0xFFFFFFFFu;
constexpr int64_t kMostSampleBlocks = 1 << 16;

/// No edge: behind all others.
constexpr uint64_t kNone = ~uint64_t{0};

/// Key and position in the row as one number, by which edges are compared.
__device__ inline uint64_t candidate(float key, int64_t position) {
  const auto bits = std::bit_cast<uint32_t>(key == 0 ? 0.0f : key);  // −0 is 0
  return static_cast<uint64_t>(bits >> 31 ? ~bits : bits | 0x80000000u) << 32 | static_cast<uint32_t>(position);
}

__device__ inline uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
__device__ inline uint64_t larger(uint64_t a, uint64_t b) { return a < b ? b : a; }

/// Sorts a bitonic sequence of 32 numbers, one a lane, ascending.
__device__ inline uint64_t merge_lanes(uint64_t x, int lane) {
  for (int o = 16; o > 0; o /= 2) {
    const uint64_t other = __shfl_xor_sync(kAll, x, o);
    x = lane & o ? larger(x, other) : smaller(x, other);
  }
  return x;
}

/// Sorts 32 numbers, one a lane, ascending.
__device__ inline uint64_t sort_lanes(uint64_t x, int lane) {
  for (int size = 2; size <= kWarp; size *= 2)
    for (int o = size / 2; o > 0; o /= 2) {
      const uint64_t other = __shfl_xor_sync(kAll, x, o);
      const bool up = (lane & size) == 0 || size == kWarp;
      x = ((lane & o) == 0) == up ? smaller(x, other) : larger(x, other);
    }
  return x;
}

/// Merges 32 sorted numbers into the kHeld * 32 that the warp holds, sorted over the lanes of held[0], then of held[1],
/// …; the largest 32 fall out.
template <int kHeld>
__device__ void merge_in(uint64_t (&held)[kHeld], uint64_t fresh, int lane) {
#pragma unroll
  for (int h = 0; h < kHeld; ++h) {
    const uint64_t turned =
        __shfl_xor_sync(kAll, fresh, kWarp - 1);  // descending: the smaller of each pair are bitonic
    const uint64_t low = smaller(held[h], turned), high = larger(held[h], turned);
    held[h] = merge_lanes(low, lane);
    if (h + 1 < kHeld) fresh = merge_lanes(high, lane);
  }
}

/// The held number at `place`, in every lane.
template <int kHeld>
__device__ uint64_t at_place(const uint64_t (&held)[kHeld], int64_t place) {
  uint64_t of_row = held[0];
#pragma unroll
  for (int h = 1; h < kHeld; ++h)
    if (place / kWarp == h) of_row = held[h];
  return __shfl_sync(kAll, of_row, static_cast<int>(place % kWarp));
}

/// sampling_key, whose edge_key is kept from edge to edge.
struct EdgeNumbers {
  const ReservoirArgs& a;
  int64_t begin;
  uint64_t row_key, first_key = 0;  ///< first_key: of `type`, `draw` and occurrence 0
  int64_t draw = -1;
  int type = -1;

  __device__ float key(int64_t e, int64_t of_draw) {
    if (a.rule == SampleRule::kLargest && of_draw == 0) return -a.weight[e];
    int64_t occurrence = 0;
    for (int64_t x = e - 1; x >= begin && a.index[x] == a.index[e] && a.type[x] == a.type[e]; --x) ++occurrence;
    if (type != a.type[e] || draw != of_draw) {
      type = a.type[e], draw = of_draw;
      first_key = edge_key(row_key, a.type[e], 0, draw);
    }
    const uint64_t of_edge = occurrence == 0 ? first_key : edge_key(row_key, a.type[e], occurrence, draw);
    const float number = exponential(mix32(of_edge, static_cast<uint32_t>(a.index[e])));
    return a.rule == SampleRule::kUniform ? number : number / a.weight[e];
  }
};

template <int kHeld>
__global__ void __launch_bounds__(kBlock) sample_rows(ReservoirArgs a, int32_t* index, int32_t* position) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t step = static_cast<int64_t>(gridDim.x) * (kBlock / kWarp);
  for (int64_t r = (static_cast<int64_t>(blockIdx.x) * kBlock + threadIdx.x) / kWarp; r < a.row_count; r += step) {
    const int64_t node = a.rows ? a.rows[r] : r, begin = a.row_start[node], count = a.row_start[node + 1] - begin;
    if (count == 0) {
      for (int64_t x = lane; x < a.k; x += kWarp) index[r * a.k + x] = -1, position[r * a.k + x] = -1;
      continue;
    }
    EdgeNumbers numbers{a, begin, random_key(a.key, node)};
    uint64_t held[kHeld], largest_kept = kNone;
#pragma unroll
    for (int h = 0; h < kHeld; ++h) held[h] = kNone;
    for (int64_t first = 0; first < count; first += kWarp) {
      const int64_t at = first + lane;
      const uint64_t fresh = at < count ? candidate(numbers.key(begin + at, 0), at) : kNone;
      if (__ballot_sync(kAll, fresh < largest_kept) == 0) continue;
      merge_in(held, sort_lanes(fresh, lane), lane);
      largest_kept = at_place(held, a.k - 1);
    }
    // From here on positions alone; what is not kept goes behind.
    uint64_t ordered[kHeld];
#pragma unroll
    for (int h = 0; h < kHeld; ++h) ordered[h] = kNone;
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
      const int64_t place = h * kWarp + lane;
      uint64_t of_place = place < a.k && held[h] != kNone ? held[h] & 0xFFFFFFFFu : kNone;
      for (int64_t x = count > h * kWarp ? count : h * kWarp; x < a.k && x < (h + 1) * kWarp;
           ++x) {  // drawn again: fill_short_row
        uint64_t best = kNone;
        for (int64_t e = lane; e < count; e += kWarp)
          best = smaller(best, candidate(numbers.key(begin + e, x - count + 1), e));
        for (int o = 1; o < kWarp; o *= 2) best = smaller(best, __shfl_xor_sync(kAll, best, o));
        if (place == x) of_place = best & 0xFFFFFFFFu;
      }
      merge_in(ordered, sort_lanes(of_place, lane), lane);
    }
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
      const int64_t place = h * kWarp + lane;
      if (place >= a.k) continue;
      index[r * a.k + place] = a.index[begin + static_cast<int64_t>(ordered[h])];
      position[r * a.k + place] = static_cast<int32_t>(ordered[h]);
    }
  }
}

}  // namespace

void reservoir_sample_cuda(const ReservoirArgs& a, int32_t* index, int32_t* position, CudaStream stream) {
  if (a.k < 1 || a.k > kMostSampled)
    throw Error("reservoir_sample: k is ", a.k, ", expected 1 to ", kMostSampled, " on a GPU");
  const int64_t blocks = blocks_for(a.row_count * kWarp, kMostSampleBlocks);
  const auto kernel = a.k <= 32    ? sample_rows<1>
                      : a.k <= 64  ? sample_rows<2>
                      : a.k <= 128 ? sample_rows<4>
                                   : sample_rows<8>;
  launch("reservoir_sample", kernel, blocks, 0, stream, a, index, position);
}

}  // namespace graphsieve::kernels
