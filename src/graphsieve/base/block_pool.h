// The bookkeeping of large blocks: which wait for reuse, which lie in RAM and which in scratch files. It works on a backing
// that has the memory (large_memory.cc), or on one that has none, to learn beforehand what a computation will need.
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

/// Smaller blocks are malloc's, and not counted.
constexpr size_t kPooledBytes = size_t{1} << 16;

/// Freed blocks of so many bytes may wait in any case (without a limit).
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
    set_limit(bytes, [](Backing&) {});
  }

  /// Calls prepare(backing) while no other thread uses the pool.
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

  /// Gives the pages of freed blocks back to the system.
  void trim() {
    std::lock_guard lock(mutex_);
    drop_waiting();
  }

  Backing& backing() { return backing_; }

  /// Locks the pool for the length of a fork, so that the child has it whole.
  void before_fork() { mutex_.lock(); }
  void after_fork_in_parent() { mutex_.unlock(); }
  /// The limit belongs to work of the parent, which does not go on in the child.
  void after_fork_in_child() {
    limit_ = 0;
    mutex_.unlock();
  }

 private:
  struct Waiting {
    Block block;
    uint64_t since;
  };
  /// Freed blocks of one size: with pages behind them, the oldest first, and without.
  struct FreeBlocks {
    std::deque<Waiting> warm;
    std::vector<Block> cold;
  };

  /// Freed blocks with pages, of the size or up to a quarter larger: mini-batches are of nearly the same size, and to fault
  /// pages in anew takes longer than the arithmetic on them.
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

  int64_t in_use() const { return use_.ram - static_cast<int64_t>(waiting_); }
  void note_use() { most_in_use_ = std::max(most_in_use_, in_use()); }
  bool above_limit(size_t size) const { return limit_ > 0 && use_.ram + static_cast<int64_t>(size) > limit_; }

  /// Before another block is cut: all blocks together may be a quarter more than were in use at once, so that those of other
  /// sizes wait while steps repeat, and work of many sizes does not hold a multiple of its need. The longest unused go first.
  void make_room(size_t size) {
    const int64_t wanted = static_cast<int64_t>(size);
    int64_t most = std::max(in_use() + wanted + static_cast<int64_t>(kWaitingBytes), most_in_use_ / 4 * 5);
    if (limit_ > 0) most = std::min(most, limit_);
    while (waiting_ > 0 && use_.ram + wanted > most) drop_oldest();
  }

  void drop_oldest() {
    auto oldest = free_.end();
    for (auto at = free_.begin(); at != free_.end(); ++at)
      if (!at->second.warm.empty() && (oldest == free_.end() || at->second.warm.front().since < oldest->second.warm.front().since))
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
  std::map<size_t, FreeBlocks> free_;
  std::unordered_set<Block> scratch_;
  std::unordered_map<Block, size_t> larger_;  ///< in use, with their sizes where these are not those asked for
  size_t waiting_ = 0;  ///< bytes of warm free blocks
  int64_t most_in_use_ = 0;  ///< at once, since all that waited was given back
  uint64_t clock_ = 0;
  int64_t limit_ = 0;
  MemoryUse use_;
};

}  // namespace graphsieve
