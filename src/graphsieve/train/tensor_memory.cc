#include "graphsieve/train/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace graphsieve {
namespace {

constexpr size_t kHeader = 64;               ///< in front of every block; keeps the data aligned to a cache line
constexpr size_t kPooled = size_t{1} << 16;  ///< smaller blocks are malloc's
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kChunk = 8 * kHugePage;

std::atomic<int64_t> current{0}, peak{0};

struct Header {
  size_t asked, size;  ///< bytes of the tensor; bytes of the block, 0 if malloc's
};

/// Blocks cut from chunks on huge pages; freed blocks wait in a list for their size.
class Pool {
 public:
  void* take(size_t size) {
    std::lock_guard lock(mutex_);
    auto& list = free_[size];
    if (!list.empty()) {
      void* block = list.back();
      list.pop_back();
      return block;
    }
    if (size > left_) grow(size);
    void* block = at_;
    at_ += size;
    left_ -= size;
    return block;
  }

  void give(void* block, size_t size) {
    std::lock_guard lock(mutex_);
    free_[size].push_back(block);
  }

 private:
  void grow(size_t size) {
    const size_t bytes = (std::max(size, kChunk) + kHugePage - 1) / kHugePage * kHugePage;
    void* chunk = std::aligned_alloc(kHugePage, bytes);
    if (!chunk) throw std::bad_alloc();
    madvise(chunk, bytes, MADV_HUGEPAGE);
    at_ = static_cast<char*>(chunk);
    left_ = bytes;
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;
  char* at_ = nullptr;
  size_t left_ = 0;
};

Pool& pool() {
  static Pool* all = new Pool;  // never destroyed: tensors may outlive static destructors
  return *all;
}

/// Rounded up to an eighth of its power of two, so that nearly equal sizes share a list.
size_t block_size(size_t bytes) {
  const size_t step = std::max<size_t>(4096, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

void release(void* base) {
  if (!base) return;
  const Header header = *static_cast<Header*>(base);
  current.fetch_sub(static_cast<int64_t>(header.asked), std::memory_order_relaxed);
  if (header.size > 0) pool().give(base, header.size);
  else std::free(base);
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    const size_t total = bytes + kHeader, size = total >= kPooled ? block_size(total) : 0;
    void* base = size > 0 ? pool().take(size) : std::aligned_alloc(kHeader, (total + kHeader - 1) / kHeader * kHeader);
    if (!base) throw std::bad_alloc();
    new (base) Header{bytes, size};
    const int64_t now = current.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) +
                        static_cast<int64_t>(bytes);
    for (int64_t seen = peak.load(); now > seen && !peak.compare_exchange_weak(seen, now);) {
    }
    return {static_cast<char*>(base) + kHeader, base, &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }  // the data pointer is not the block's

  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

}  // namespace

void install_tensor_memory() {
  static CountingAllocator allocator;
  static const bool once = [] {
    c10::SetCPUAllocator(&allocator, 100);
    return true;
  }();
  static_cast<void>(once);
}

int64_t tensor_bytes() { return current.load(); }
int64_t peak_tensor_bytes() { return peak.load(); }
void reset_peak_tensor_bytes() { peak.store(current.load()); }

}  // namespace graphsieve
