// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstring>
#include <new>

#include "graphsieve/base/large_memory.h"

namespace graphsieve {
namespace {

std::atomic<int64_t> current{0}, peak{0};

struct Header {
  size_t asked;  ///< bytes that the tensor requested
};

/// Frees the memory of a tensor. torch does not tell how many bytes it frees, so the header before the data has them.
void release(void* data) {
  if (!data) return;
  void* base = static_cast<char*>(data) - kTensorHeader;
  const size_t asked = static_cast<Header*>(base)->asked;
  current.fetch_sub(static_cast<int64_t>(asked), std::memory_order_relaxed);
  give_block(base, asked + kTensorHeader);
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    void* base = take_block(bytes + kTensorHeader);
    new (base) Header{bytes};
    const int64_t now =
        current.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
    // Raises the peak to `now`, unless another thread has raised it above `now` in the meantime.
    for (int64_t seen = peak.load(); now > seen && !peak.compare_exchange_weak(seen, now);) {
    }
    void* data = static_cast<char*>(base) + kTensorHeader;
    return {data, data, &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

}  // namespace

void install_tensor_memory() {
  static CountingAllocator allocator;
  c10::SetCPUAllocator(&allocator, kAllocatorPriority);
}

int64_t tensor_bytes() { return current.load(); }
int64_t peak_tensor_bytes() { return peak.load(); }
void reset_peak_tensor_bytes() { peak.store(current.load()); }

}  // namespace graphsieve
