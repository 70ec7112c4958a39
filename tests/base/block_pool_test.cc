// SPDX-License-Identifier: Apache-2.0
// The pool of large blocks against a model that knows every block it was given.
#include "graphsieve/base/block_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>
#include <stdexcept>

namespace graphsieve {
namespace {

/// Memory that is only counted. It refuses what the pool must never do.
class CountedMemory {
 public:
  using Block = int64_t;
  struct State {
    size_t size;
    bool scratch, pages;  ///< in a scratch file; backed by memory now
    bool in_use = true;
  };

  Block cut(size_t size) { return add({size, false, true}); }
  Block map_scratch(size_t size) { return add({size, true, true}); }
  void unmap_scratch(Block block, size_t size) {
    require(at(block, size).scratch && !at(block, size).in_use);
    blocks_.erase(block);
  }
  void drop_pages(Block block, size_t size) {
    State& state = at(block, size);
    require(!state.scratch && !state.in_use && state.pages);
    state.pages = false;
  }

  std::map<Block, State>& blocks() { return blocks_; }
  int64_t bytes(bool scratch) const {
    int64_t sum = 0;
    for (const auto& [block, state] : blocks_)
      if (state.scratch == scratch && state.pages) sum += static_cast<int64_t>(state.size);
    return sum;
  }

 private:
  static void require(bool holds) {
    if (!holds) throw std::logic_error("the pool did with a block what it must not do");
  }
  Block add(State state) {
    blocks_.emplace(next_, state);
    return next_++;
  }
  State& at(Block block, size_t size) {
    State& state = blocks_.at(block);
    require(state.size == size);
    return state;
  }

  std::map<Block, State> blocks_;
  Block next_ = 1;
};

/// A size between 1 byte and 256 MiB, each power of two as likely as any other.
rc::Gen<size_t> any_size() {
  return rc::gen::apply(
      [](int bits, uint64_t fraction) { return (size_t{1} << bits) + fraction % (size_t{1} << bits); },
      rc::gen::inRange(0, 28), rc::gen::arbitrary<uint64_t>());
}

/// The pool beside what is known to be in use: block and the bytes that were asked for.
struct Model {
  BlockPool<CountedMemory> pool;
  std::map<int64_t, size_t> in_use;

  void take(size_t bytes) {
    const auto block = pool.take(bytes);
    RC_ASSERT(!in_use.contains(block));
    auto& state = pool.backing().blocks().at(block);
    RC_ASSERT(state.size >= bytes);
    state.in_use = state.pages = true;
    in_use[block] = bytes;
  }

  void give(size_t which) {
    if (in_use.empty()) return;
    const auto found = std::next(in_use.begin(), static_cast<std::ptrdiff_t>(which % in_use.size()));
    const auto [block, bytes] = *found;
    in_use.erase(found);
    pool.backing().blocks().at(block).in_use = false;
    pool.give(block, bytes);
  }

  void check() {
    const MemoryUse use = pool.use();
    RC_ASSERT(use.ram == pool.backing().bytes(false));
    RC_ASSERT(use.scratch == pool.backing().bytes(true));
    RC_ASSERT(use.peak_ram >= use.ram);
    RC_ASSERT(use.peak_scratch >= use.scratch);
  }
};

RC_GTEST_PROP(BlockPool, CountsWhatAModelCounts, ()) {
  Model model;
  if (*rc::gen::arbitrary<bool>()) model.pool.set_limit(*rc::gen::inRange<int64_t>(1, int64_t{1} << 30));
  for (const int action : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8))) {
    if (action < 4)
      model.take(*any_size());
    else if (action < 7)
      model.give(*rc::gen::arbitrary<size_t>());
    else
      model.pool.trim();
    model.check();
  }
  while (!model.in_use.empty()) model.give(0);
  model.pool.trim();
  model.check();
  RC_ASSERT(model.pool.use().ram == 0);
  RC_ASSERT(model.pool.use().scratch == 0);
}

RC_GTEST_PROP(BlockPool, StaysBelowItsLimitButForSmallBlocks, ()) {
  Model model;
  const int64_t limit = *rc::gen::inRange<int64_t>(1, int64_t{1} << 30);
  model.pool.set_limit(limit);
  int64_t small = 0;  // of the blocks that are never in a scratch file
  for (const size_t bytes : *rc::gen::container<std::vector<size_t>>(any_size())) {
    model.take(bytes);
    if (block_size(bytes) < kScratchBytes) small += static_cast<int64_t>(block_size(bytes));
    RC_ASSERT(model.pool.use().ram <= limit + small);
  }
}

/// Real memory: every block is filled with bytes of its own, which must be there when it is given back.
RC_GTEST_PROP(LargeMemoryProperty, BlocksAreAlignedAndDoNotOverlap, ()) {
  struct Block {
    unsigned char* start;
    size_t bytes;
    unsigned char value;
  };
  std::vector<Block> blocks;
  const auto give = [&](size_t which) {
    const Block block = blocks[which];
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(which));
    for (const size_t at : {size_t{0}, block.bytes / 3, block.bytes - 1}) RC_ASSERT(block.start[at] == block.value);
    give_block(block.start, block.bytes);
  };
  const auto size = rc::gen::map(any_size(), [](size_t bytes) { return 1 + bytes % (size_t{4} << 20); });
  for (const bool taken : *rc::gen::container<std::vector<bool>>(rc::gen::element(true, true, false))) {
    if (taken) {
      const size_t bytes = *size;
      const auto value = static_cast<unsigned char>(blocks.size() * 37 + 1);
      blocks.push_back({static_cast<unsigned char*>(take_block(bytes)), bytes, value});
      RC_ASSERT(reinterpret_cast<uintptr_t>(blocks.back().start) % 64 == 0);
      std::memset(blocks.back().start, value, bytes);
    } else if (!blocks.empty()) {
      give(*rc::gen::inRange<size_t>(0, blocks.size()));
    }
  }
  while (!blocks.empty()) give(blocks.size() - 1);
}

}  // namespace
}  // namespace graphsieve
