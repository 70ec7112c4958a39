// The bookkeeping of large blocks: which wait for reuse, which lie in RAM and which in scratch files. It works on a backing
// that has the memory (large_memory.cc), or on one that has none, to learn beforehand what a computation will need.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "graphsieve/base/large_memory.h"

namespace graphsieve {

/// Smaller blocks are malloc's, and not counted.
constexpr size_t kPooledBytes = size_t{1} << 16;

/// Freed blocks of so many bytes may wait in any case.
constexpr size_t kWaitingBytes = size_t{64} << 20;

/// Rounded up to an eighth of its power of two, so that nearly equal sizes share a list.
inline size_t block_size(size_t bytes) {
  const size_t step = std::max<size_t>(4096, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

/// Backing: Block cut(size), Block map_scratch(size), void unmap_scratch(block, size), void drop_pages(block, size).
template <class Backing>
class BlockPool {
 public:
  using Block = typename Backing::Block;

  void set_limit(int64_t bytes) {
    std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

  MemoryUse use() {
    std::lock_guard lock(mutex_);
    return use_;
  }

  void reset_peak() {
    std::lock_guard lock(mutex_);
    use_.peak_ram = use_.ram;
    use_.peak_scratch = use_.scratch;
  }

  Block take(size_t bytes) {
    const size_t size = block_size(bytes);
    std::lock_guard lock(mutex_);
    const bool scratch = limit_ > 0 && ScratchFirst::active() && static_cast<int64_t>(size) > limit_ / 8;
    if (auto& warm = free_[size].warm; !warm.empty() && !scratch) {
      waiting_ -= size;
      return pop(warm);
    }
    // Nothing of this size waits: more must not wait than is in use, or work of many sizes would hold a multiple of its need.
    if (waiting_ > kWaitingBytes && 2 * static_cast<int64_t>(waiting_) > use_.ram) drop_waiting();
    const auto above = [&] { return limit_ > 0 && use_.ram + static_cast<int64_t>(size) > limit_; };
    if (above()) drop_waiting();
    if ((scratch || above()) && size >= kScratchBytes) {
      const Block block = backing_.map_scratch(size);
      scratch_.insert(block);
      use_.scratch += static_cast<int64_t>(size);
      use_.peak_scratch = std::max(use_.peak_scratch, use_.scratch);
      return block;
    }
    auto& cold = free_[size].cold;
    const Block block = cold.empty() ? backing_.cut(size) : pop(cold);
    use_.ram += static_cast<int64_t>(size);
    use_.peak_ram = std::max(use_.peak_ram, use_.ram);
    return block;
  }

  void give(Block block, size_t bytes) {
    const size_t size = block_size(bytes);
    std::lock_guard lock(mutex_);
    if (scratch_.erase(block) > 0) {
      backing_.unmap_scratch(block, size);
      use_.scratch -= static_cast<int64_t>(size);
      return;
    }
    free_[size].warm.push_back(block);
    waiting_ += size;
  }

  /// Gives the pages of freed blocks back to the system.
  void trim() {
    std::lock_guard lock(mutex_);
    drop_waiting();
  }

  Backing& backing() { return backing_; }

 private:
  /// Freed blocks of one size, with pages behind them and without.
  struct FreeBlocks {
    std::vector<Block> warm, cold;
  };

  static Block pop(std::vector<Block>& list) {
    const Block block = list.back();
    list.pop_back();
    return block;
  }

  void drop_waiting() {
    for (auto& [size, list] : free_) {
      for (const Block block : list.warm) {
        backing_.drop_pages(block, size);
        list.cold.push_back(block);
      }
      list.warm.clear();
    }
    use_.ram -= static_cast<int64_t>(waiting_);
    waiting_ = 0;
  }

  std::mutex mutex_;
  Backing backing_;
  std::map<size_t, FreeBlocks> free_;
  std::unordered_set<Block> scratch_;
  size_t waiting_ = 0;  ///< bytes of warm free blocks
  int64_t limit_ = 0;
  MemoryUse use_;
};

}  // namespace graphsieve
