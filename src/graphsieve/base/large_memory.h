// Memory for arrays that grow with the graph. Blocks lie in RAM up to a limit. Blocks beyond the limit lie in mapped
// scratch files that have no name: the system keeps their pages while it has room, and otherwise writes them back to
// the file and drops them.
//
// Freed blocks of RAM are kept for reuse, and RAM is requested as huge pages: big temporaries that are returned to the
// kernel are faulted in again page by page, which costs more than the arithmetic on them. The pages of the longest
// unused blocks are returned near the limit, and when all blocks together would exceed the most ever in use at once by
// a quarter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace graphsieve {

/// Blocks of at least kScratchBytes taken from now on lie in scratch files in `folder` where those in RAM would hold
/// more than `bytes`. 0: no limit. A forked child begins without a limit. It shares the scratch blocks that its parent
/// holds at the fork: what one of the two writes there, the other reads.
void set_memory_limit(int64_t bytes, const std::filesystem::path& folder);
int64_t memory_limit();
constexpr size_t kScratchBytes = size_t{1} << 20;

/// Bytes of blocks alive, in RAM (freed ones that wait for reuse included) and in scratch files; the most at once since
/// the last reset.
struct MemoryUse {
  int64_t ram = 0, scratch = 0, peak_ram = 0, peak_scratch = 0;
};
MemoryUse memory_use();
void reset_peak_memory_use();

/// Gives the pages of freed blocks back to the system: between two pieces of work of other sizes.
void trim_memory();

/// While one lives on a thread, blocks of more than an eighth of the limit that are taken there lie in scratch files,
/// though RAM is left: what is read in order, such as a graph, gives way to what is read at random.
class ScratchFirst {
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
void* take_block(size_t bytes);

/// Frees a block of take_block(); `bytes` is the number that take_block() was called with. A null pointer is ignored.
void give_block(void* block, size_t bytes) noexcept;

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
