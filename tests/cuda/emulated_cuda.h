// SPDX-License-Identifier: Apache-2.0
// CUDA's device code on the CPU, for tests where no GPU is: a block's threads are fibers, one runs at a time, and each
// goes on until it needs others of its warp or block. Blocks run one after the other, in order. Slow, and strict: a
// shuffle that a lane of its mask does not reach, or reaches with another mask, is an error; so is a block that cannot
// go on.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __restrict__
#define __launch_bounds__(...)

struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};

namespace emulated_cuda {

struct Dim {
  unsigned x = 0;
};
inline Dim thread, block, block_size, grid_size;

constexpr size_t kStack = 64 << 10;
enum class Wait { kNone, kShuffle, kShuffleXor, kBallot, kWarp, kBlock, kDone };

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  Wait wait = Wait::kNone;
  uint32_t mask = 0;
  uint64_t value = 0, result = 0;
  int argument = 0;
};

inline ucontext_t scheduler;
inline std::vector<Fiber> fibers;
inline std::function<void()> body;
inline std::vector<uint64_t> shared;
inline std::exception_ptr failure;

/// Called with every launch, to do what it needs around it; launches come one at a time.
inline std::function<void(const std::function<void()>&)> around_launch = [](const std::function<void()>& launch) {
  launch();
};

inline void run_fiber() {
  try {
    body();
  } catch (...) {
    failure = std::current_exception();
  }
  fibers[thread.x].wait = Wait::kDone;
  swapcontext(&fibers[thread.x].context, &scheduler);
}

inline uint64_t meet(Wait wait, uint32_t mask, uint64_t value, int argument) {
  Fiber& self = fibers[thread.x];
  self.wait = wait, self.mask = mask, self.value = value, self.argument = argument;
  swapcontext(&self.context, &scheduler);
  return self.result;
}

/// Lets the lanes of a mask go on once all of them wait for the same.
inline bool release_warp(size_t of) {
  const size_t first = of / 32 * 32;
  const Fiber& f = fibers[of];
  if (!(f.mask >> (of % 32) & 1)) throw std::logic_error("a lane is not in its own mask");
  uint64_t ballot = 0;
  for (size_t lane = 0; lane < 32; ++lane) {
    if (!(f.mask >> lane & 1)) continue;
    const Fiber& other = fibers.at(first + lane);
    if (other.wait == Wait::kDone) throw std::logic_error("a lane of the mask has ended");
    if (other.wait == Wait::kNone) return false;
    if (other.wait != f.wait || other.mask != f.mask) {
      if (other.wait == Wait::kBlock || !(other.mask >> (of % 32) & 1))
        throw std::logic_error("lanes of one mask wait for different things");
      return false;
    }
    ballot |= (other.value != 0 ? uint64_t{1} : 0) << lane;
  }
  const uint32_t mask = f.mask;
  for (size_t lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1)) continue;
    Fiber& to = fibers[first + lane];
    size_t from = lane;
    if (to.wait == Wait::kShuffle) from = static_cast<size_t>(to.argument) % 32;
    if (to.wait == Wait::kShuffleXor) from = lane ^ static_cast<size_t>(to.argument);
    if (!(mask >> from & 1)) throw std::logic_error("a shuffle from a lane that is not in the mask");
    to.result = to.wait == Wait::kBallot ? ballot : fibers[first + from].value;
  }
  for (size_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1) fibers[first + lane].wait = Wait::kNone;
  return true;
}

inline void run_block(unsigned size) {
  if (fibers.size() != size) fibers = std::vector<Fiber>(size);
  for (Fiber& f : fibers) {
    if (!f.stack) f.stack = std::make_unique<char[]>(kStack);
    getcontext(&f.context);
    f.context.uc_stack = {.ss_sp = f.stack.get(), .ss_flags = 0, .ss_size = kStack};
    f.context.uc_link = nullptr;
    makecontext(&f.context, run_fiber, 0);
    f.wait = Wait::kNone;
  }
  for (size_t done = 0; done < size;) {
    bool moved = false;
    for (unsigned i = 0; i < size; ++i) {
      if (fibers[i].wait != Wait::kNone) continue;
      thread.x = i;
      swapcontext(&scheduler, &fibers[i].context);
      moved = true;
      if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
      if (fibers[i].wait == Wait::kDone) ++done;
    }
    for (unsigned i = 0; i < size; ++i)
      if (fibers[i].wait != Wait::kNone && fibers[i].wait != Wait::kBlock && fibers[i].wait != Wait::kDone)
        moved |= release_warp(i);
    const bool all_wait =
        std::all_of(fibers.begin(), fibers.end(), [](const Fiber& f) { return f.wait == Wait::kBlock; });
    if (all_wait) {
      for (Fiber& f : fibers) f.wait = Wait::kNone;
      moved = true;
    }
    if (!moved) throw std::logic_error("a block waits for threads that never come");
  }
}

template <class T>
T as(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <class T>
uint64_t bits_of(T value) {
  static_assert(sizeof value <= 8);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

}  // namespace emulated_cuda

#define threadIdx emulated_cuda::thread
#define blockIdx emulated_cuda::block
#define blockDim emulated_cuda::block_size
#define gridDim emulated_cuda::grid_size

template <class T>
T __shfl_xor_sync(uint32_t mask, T value, int lanes) {
  return emulated_cuda::as<T>(
      emulated_cuda::meet(emulated_cuda::Wait::kShuffleXor, mask, emulated_cuda::bits_of(value), lanes));
}
template <class T>
T __shfl_sync(uint32_t mask, T value, int lane) {
  return emulated_cuda::as<T>(
      emulated_cuda::meet(emulated_cuda::Wait::kShuffle, mask, emulated_cuda::bits_of(value), lane));
}
inline uint32_t __ballot_sync(uint32_t mask, bool value) {
  return static_cast<uint32_t>(emulated_cuda::meet(emulated_cuda::Wait::kBallot, mask, value, 0));
}
inline void __syncwarp(uint32_t mask = 0xFFFFFFFFu) { emulated_cuda::meet(emulated_cuda::Wait::kWarp, mask, 0, 0); }
inline void __syncthreads() { emulated_cuda::meet(emulated_cuda::Wait::kBlock, 0, 0, 0); }
inline int __popc(uint32_t x) { return std::popcount(x); }
template <class T>
T __ldg(const T* from) {
  if (reinterpret_cast<uintptr_t>(from) % alignof(T) != 0) throw std::logic_error("a load that is not aligned");
  return *from;
}

namespace graphsieve::kernels::device {

template <class... Parameters, class... Arguments>
void launch(const char*, void (*kernel)(Parameters...), int64_t blocks, size_t shared, void*, Arguments... arguments) {
  emulated_cuda::around_launch([&] {
    emulated_cuda::shared.assign(shared / 8 + 2, 0xAAAAAAAAAAAAAAAAull);
    emulated_cuda::grid_size.x = static_cast<unsigned>(blocks);
    emulated_cuda::block_size.x = 256;
    emulated_cuda::body = [=] { kernel(static_cast<Parameters>(arguments)...); };
    for (int64_t b = 0; b < blocks; ++b) {
      emulated_cuda::block.x = static_cast<unsigned>(b);
      emulated_cuda::run_block(256);
    }
  });
}

[[noreturn]] inline void stop(const char* why) { throw std::runtime_error(why); }

inline void fill_bytes(void* to, int value, size_t bytes, void*) {
  emulated_cuda::around_launch([&] { std::memset(to, value, bytes); });
}

template <class T>
T* dynamic_shared() {
  return reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(emulated_cuda::shared.data()) + 15) / 16 * 16);
}

inline float half_to_float(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
inline uint16_t float_to_half(float x) { return std::bit_cast<uint16_t>(static_cast<_Float16>(x)); }

}  // namespace graphsieve::kernels::device
