// SPDX-License-Identifier: Apache-2.0
// The bookkeeping of large memory blocks: which freed blocks wait for reuse, which blocks lie in RAM and which in
// scratch files. Its template parameter, the backing, provides the memory. The backing of large_memory.cc provides real
// memory; a backing that provides none serves to predict how much memory a computation will need.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graphsieve/base/large_memory.h"

namespace graphsieve {

/// Smallest block in bytes that the pool manages. Smaller blocks come from malloc and are not counted.
constexpr size_t kPooledBytes = size_t{1} << 16;

/// Bytes of freed blocks that may always wait for reuse, unless a memory limit is set.
constexpr size_t kWaitingBytes = size_t{64} << 20;

/// Most bytes that freed blocks add to the most that was in use at once, unless kWaitingBytes is more.
constexpr int64_t kMostSlack = int64_t{128} << 20;

/// Returns the size in bytes of the block that serves a request of `bytes`: a multiple of an eighth of the largest
/// power of two that is not above `bytes`, and of at least 4096. Requests of nearly equal sizes can so reuse the same
/// blocks.
inline size_t block_size(size_t bytes) {
  const size_t step = std::max<size_t>(4096, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

/// Hands out blocks and takes them back; all member functions may be called by several threads. A Backing has the type
/// Block and these functions, with sizes in bytes:
/// - `Block cut(size)` returns a new block of RAM,
/// - `Block map_scratch(size)` returns a new block in a scratch file,
/// - `void unmap_scratch(block, size)` deletes a block in a scratch file,
/// - `void drop_pages(block, size)` returns a block's pages to the system and keeps its addresses.
template <class Backing>
class BlockPool {
 public:
  using Block = typename Backing::Block;

  /// Sets the most bytes that blocks in RAM may hold; 0 means no limit.
  void set_limit(int64_t bytes) {
    set_limit(bytes, [](Backing&) {});
  }

  /// Sets the limit, and calls prepare(backing) while no other thread uses the pool.
  template <class Prepare>
  void set_limit(int64_t bytes, const Prepare& prepare) {
    std::lock_guard lock(mutex_);
    prepare(backing_);
    limit_ = bytes;
  }

  int64_t limit() {
    std::lock_guard lock(mutex_);
    return limit_;
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

  /// Returns a block of at least `bytes`: a freed block that still has its pages if one fits, otherwise a new one. A
  /// new block lies in a scratch file if RAM would exceed the limit, or if ScratchFirst asks for it.
  Block take(size_t bytes) {
    const size_t size = block_size(bytes);
    std::lock_guard lock(mutex_);
    const bool scratch = limit_ > 0 && ScratchFirst::active() && static_cast<int64_t>(size) > limit_ / 8;
    if (!scratch)
      if (const auto found = waiting_for(size); found != free_.end()) {
        waiting_ -= found->first;
        const Block block = found->second.warm.back().block;
        found->second.warm.pop_back();
        if (found->first != size) larger_[block] = found->first;
        note_use();
        return block;
      }
    make_room(size);
    if ((scratch || above_limit(size)) && size >= kScratchBytes) {
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
    note_use();
    return block;
  }

  /// Takes back a block; `bytes` is the number that take() was called with. A block of RAM waits for reuse, a block in
  /// a scratch file is deleted at once.
  void give(Block block, size_t bytes) {
    size_t size = block_size(bytes);
    std::lock_guard lock(mutex_);
    if (const auto found = larger_.find(block); found != larger_.end()) {
      size = found->second;
      larger_.erase(found);
    }
    if (scratch_.erase(block) > 0) {
      backing_.unmap_scratch(block, size);
      use_.scratch -= static_cast<int64_t>(size);
      return;
    }
    free_[size].warm.push_back({block, ++clock_});
    waiting_ += size;
  }

  /// Returns the pages of all freed blocks to the system.
  void trim() {
    std::lock_guard lock(mutex_);
    drop_waiting();
  }

  Backing& backing() { return backing_; }

  /// Locks the pool during a fork, so that the child does not get it in the middle of a change.
  void before_fork() { mutex_.lock(); }
  void after_fork_in_parent() { mutex_.unlock(); }
  /// Unlocks the pool and removes the limit, which belonged to work of the parent that does not go on in the child.
  void after_fork_in_child() {
    limit_ = 0;
    mutex_.unlock();
  }

 private:
  struct Waiting {
    Block block;
    uint64_t since;  ///< value of clock_ when the block was freed
  };
  /// Freed blocks of one size.
  struct FreeBlocks {
    std::deque<Waiting> warm;  ///< blocks that still have their pages, the longest unused first
    std::vector<Block> cold;   ///< blocks whose pages were returned to the system
  };

  /// Finds the smallest freed blocks with pages that are of `size` bytes or at most a quarter larger, and returns the
  /// end of free_ if there are none. Mini-batches have nearly equal sizes, and faulting pages in again takes longer
  /// than the arithmetic on them, so a somewhat larger block is better than a new one.
  auto waiting_for(size_t size) {
    for (auto found = free_.lower_bound(size); found != free_.end() && found->first <= size + size / 4; ++found)
      if (!found->second.warm.empty()) return found;
    return free_.end();
  }

  static Block pop(std::vector<Block>& list) {
    const Block block = list.back();
    list.pop_back();
    return block;
  }

  /// Bytes of RAM in blocks that are not free.
  int64_t in_use() const { return use_.ram - static_cast<int64_t>(waiting_); }
  void note_use() { most_in_use_ = std::max(most_in_use_, in_use()); }
  bool above_limit(size_t size) const { return limit_ > 0 && use_.ram + static_cast<int64_t>(size) > limit_; }

  /// Returns pages of freed blocks to the system, the longest unused first, until a new block of `size` bytes fits. All
  /// blocks in RAM together may hold a quarter more than the most that was in use at once, or kMostSlack more if that
  /// is less: freed blocks of other sizes then stay for the next of the repeating steps, yet work with many sizes does
  /// not hold a multiple of what it needs.
  void make_room(size_t size) {
    const int64_t wanted = static_cast<int64_t>(size);
    int64_t most = std::max(in_use() + wanted + static_cast<int64_t>(kWaitingBytes),
                            most_in_use_ + std::min(most_in_use_ / 4, kMostSlack));
    if (limit_ > 0) most = std::min(most, limit_);
    while (waiting_ > 0 && use_.ram + wanted > most) drop_oldest();
  }

  void drop_oldest() {
    auto oldest = free_.end();
    for (auto at = free_.begin(); at != free_.end(); ++at)
      if (!at->second.warm.empty() &&
          (oldest == free_.end() || at->second.warm.front().since < oldest->second.warm.front().since))
        oldest = at;
    drop_first(oldest->first, oldest->second);
  }

  void drop_first(size_t size, FreeBlocks& of_size) {
    const Block block = of_size.warm.front().block;
    of_size.warm.pop_front();
    backing_.drop_pages(block, size);
    of_size.cold.push_back(block);
    use_.ram -= static_cast<int64_t>(size);
    waiting_ -= size;
  }

  void drop_waiting() {
    for (auto& [size, of_size] : free_)
      while (!of_size.warm.empty()) drop_first(size, of_size);
    most_in_use_ = in_use();
  }

  std::mutex mutex_;
  Backing backing_;
  std::map<size_t, FreeBlocks> free_;         ///< freed blocks of RAM by their size in bytes
  std::unordered_set<Block> scratch_;         ///< blocks in use that lie in scratch files
  std::unordered_map<Block, size_t> larger_;  ///< sizes of the blocks in use that are larger than block_size() says
  size_t waiting_ = 0;                        ///< bytes of freed blocks that have pages
  int64_t most_in_use_ = 0;                   ///< most bytes of RAM in use at once since the last trim()
  uint64_t clock_ = 0;                        ///< number of blocks of RAM freed so far
  int64_t limit_ = 0;                         ///< most bytes of RAM; 0: no limit
  MemoryUse use_;
};

}  // namespace graphsieve
