// SPDX-License-Identifier: Apache-2.0
// Memory for arrays that grow with the graph. Blocks lie in RAM up to a limit. Blocks beyond the limit lie in mapped
// scratch files that have no name: the system keeps their pages while it has room, and otherwise writes them back to
// the file and drops them.
//
// Freed blocks of RAM are kept for reuse, and RAM is requested as huge pages: big temporaries that are returned to the
// kernel are faulted in again page by page, which costs more than the arithmetic on them. The pages of the longest
// unused blocks are returned near the limit, and when all blocks together would exceed the most ever in use at once by
// a quarter or by 128 MiB, whichever is less.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Sets the most bytes that blocks in RAM may hold; 0 means no limit. From now on a block of at least kScratchBytes
/// lies in a scratch file in `folder` if RAM would exceed `bytes` with it. A forked child begins without a limit. It
/// shares the scratch blocks that its parent has at the fork: the child reads what the parent writes there, and the
/// parent what the child writes.
GRAPHSIEVE_API void set_memory_limit(int64_t bytes, const std::filesystem::path& folder);

/// Returns the limit in bytes; 0 means no limit.
GRAPHSIEVE_API int64_t memory_limit();

/// Smallest block in bytes that may lie in a scratch file.
constexpr size_t kScratchBytes = size_t{1} << 20;

/// Bytes of all large blocks: `ram` in RAM, including freed blocks that wait for reuse, and `scratch` in scratch files.
/// Each `peak_` number is the largest value since the last reset_peak_memory_use().
struct MemoryUse {
  int64_t ram = 0, scratch = 0, peak_ram = 0, peak_scratch = 0;
};
GRAPHSIEVE_API MemoryUse memory_use();
GRAPHSIEVE_API void reset_peak_memory_use();

/// Returns the pages of freed blocks to the system. Useful between two pieces of work whose blocks differ in size.
GRAPHSIEVE_API void trim_memory();

/// While an object of this class lives, each new block of its thread that is larger than an eighth of the limit lies in
/// a scratch file, even if RAM is left. It is for data that is read in order, such as a graph, so that RAM is left for
/// data that is read at random.
class GRAPHSIEVE_API ScratchFirst {
 public:
  ScratchFirst();
  ~ScratchFirst();
  ScratchFirst(const ScratchFirst&) = delete;
  ScratchFirst& operator=(const ScratchFirst&) = delete;
  /// True if an object of this class lives on the calling thread.
  static bool active();

 private:
  const bool before_;
};

/// Returns a block of at least `bytes` (> 0) that is aligned to a cache line of 64 bytes. Throws std::bad_alloc if
/// there is no memory, and Error naming the scratch folder if its disk is full.
GRAPHSIEVE_API void* take_block(size_t bytes);

/// Frees a block of take_block(); `bytes` is the number that take_block() was called with. A null pointer is ignored.
GRAPHSIEVE_API void give_block(void* block, size_t bytes) noexcept;

/// Allocator of std::vector that uses take_block(). Elements added by resize() are not set to zero.
template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(take_block(count * sizeof(T))); }
  void deallocate(T* block, size_t count) noexcept { give_block(block, count * sizeof(T)); }
  template <class U>
  void construct(U* at) noexcept(std::is_nothrow_default_constructible_v<U>) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
  bool operator==(const LargeAllocator&) const = default;
};

/// A vector of numbers with one or more elements per node or edge.
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace graphsieve
