// SPDX-License-Identifier: Apache-2.0
// Arrays of the device for tests of the .cu files' launchers: on a GPU, or in memory where the device is emulated.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <vector>

#ifndef GRAPHSIEVE_EMULATED_CUDA
#include <cuda_runtime.h>
#endif

namespace graphsieve::kernels {

#ifdef GRAPHSIEVE_EMULATED_CUDA
inline bool device_there() { return true; }
#else
inline bool device_there() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}
#endif

/// Skips the test by name where no GPU is.
class DeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!device_there()) GTEST_SKIP() << "no NVIDIA GPU";
  }
};

/// Memory of the device, aligned to 256 bytes, filled with rubbish.
class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes) : bytes_(bytes) {
#ifdef GRAPHSIEVE_EMULATED_CUDA
    held_.assign(bytes + 256, 0xAB);
    at_ = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(held_.data()) + 255) / 256 * 256);
#else
    if (cudaMalloc(&at_, bytes + 1) != cudaSuccess || cudaMemset(at_, 0xAB, bytes) != cudaSuccess)
      throw std::bad_alloc();
#endif
  }
  DeviceMemory(const DeviceMemory&) = delete;
  ~DeviceMemory() {
#ifndef GRAPHSIEVE_EMULATED_CUDA
    cudaFree(at_);
#endif
  }

  void* at() const { return at_; }
  void put(const void* from) {
#ifdef GRAPHSIEVE_EMULATED_CUDA
    std::memcpy(at_, from, bytes_);
#else
    ASSERT_EQ(cudaMemcpy(at_, from, bytes_, cudaMemcpyHostToDevice), cudaSuccess);
#endif
  }
  void get(void* to) const {
#ifdef GRAPHSIEVE_EMULATED_CUDA
    std::memcpy(to, at_, bytes_);
#else
    ASSERT_EQ(cudaMemcpy(to, at_, bytes_, cudaMemcpyDeviceToHost), cudaSuccess)
        << cudaGetErrorString(cudaGetLastError());
#endif
  }

 private:
  size_t bytes_;
  void* at_ = nullptr;
#ifdef GRAPHSIEVE_EMULATED_CUDA
  std::vector<unsigned char> held_;
#endif
};

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t size) : size_(size), memory_(size * sizeof(T)) {}
  explicit DeviceArray(const std::vector<T>& from) : DeviceArray(from.size()) { memory_.put(from.data()); }
  T* data() const { return static_cast<T*>(memory_.at()); }
  std::vector<T> values() const {
    std::vector<T> to(size_);
    memory_.get(to.data());
    return to;
  }

 private:
  size_t size_;
  DeviceMemory memory_;
};

/// Scratch memory that lives as long as this.
class DeviceScratch {
 public:
  void* operator()(size_t bytes) {
    held_.emplace_back(bytes);
    return held_.back().at();
  }

 private:
  std::deque<DeviceMemory> held_;
};

}  // namespace graphsieve::kernels
