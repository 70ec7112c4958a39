#include "graphsieve/base/large_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kPooled = size_t{1} << 16;  ///< smaller blocks are malloc's, and not counted
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kChunk = 8 * kHugePage;

/// Rounded up to an eighth of its power of two, so that nearly equal sizes share a list.
size_t block_size(size_t bytes) {
  const size_t step = std::max<size_t>(4096, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

/// A file without a name, of so many bytes on the disk.
int scratch_file(const std::filesystem::path& folder, size_t size) {
  int descriptor = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {  // a file system without O_TMPFILE
    std::string name = (folder / "scratch-XXXXXX").string();
    descriptor = mkstemp(name.data());
    if (descriptor >= 0) unlink(name.c_str());
  }
  if (descriptor < 0) throw Error(folder.string(), ": cannot make a scratch file: ", std::strerror(errno));
  const int failed = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  if (failed == 0) return descriptor;
  close(descriptor);
  throw Error(folder.string(), ": no room for a scratch file of ", size, " bytes: ", std::strerror(failed));
}

class Blocks {
 public:
  void set_limit(int64_t bytes, const std::filesystem::path& folder) {
    std::lock_guard lock(mutex_);
    limit_ = bytes;
    folder_ = folder;
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

  void* take(size_t size) {
    std::lock_guard lock(mutex_);
    if (auto& warm = free_[size].warm; !warm.empty()) {
      waiting_ -= size;
      return pop(warm);
    }
    if (limit_ > 0 && use_.ram + static_cast<int64_t>(size) > limit_) drop_pages();
    if (limit_ > 0 && size >= kScratchBytes && use_.ram + static_cast<int64_t>(size) > limit_) return map_scratch(size);
    use_.ram += static_cast<int64_t>(size);
    use_.peak_ram = std::max(use_.peak_ram, use_.ram);
    auto& cold = free_[size].cold;
    return cold.empty() ? cut(size) : pop(cold);
  }

  void give(void* block, size_t size) {
    std::lock_guard lock(mutex_);
    if (const auto found = scratch_.find(block); found != scratch_.end()) {
      munmap(block, size);
      use_.scratch -= static_cast<int64_t>(size);
      scratch_.erase(found);
      return;
    }
    free_[size].warm.push_back(block);
    waiting_ += size;
  }

 private:
  /// Freed blocks of one size, with pages behind them and without.
  struct FreeBlocks {
    std::vector<void*> warm, cold;
  };

  static void* pop(std::vector<void*>& list) {
    void* block = list.back();
    list.pop_back();
    return block;
  }

  /// Cut from the present chunk, or a new one.
  void* cut(size_t size) {
    if (size > left_) {
      const size_t bytes = (std::max(size, kChunk) + kHugePage - 1) / kHugePage * kHugePage;
      void* chunk = std::aligned_alloc(kHugePage, bytes);
      if (!chunk) throw std::bad_alloc();
      madvise(chunk, bytes, MADV_HUGEPAGE);
      at_ = static_cast<char*>(chunk);
      left_ = bytes;
    }
    void* block = at_;
    at_ += size;
    left_ -= size;
    return block;
  }

  void* map_scratch(size_t size) {
    const int file = scratch_file(folder_, size);
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (block == MAP_FAILED) throw std::bad_alloc();
    scratch_.emplace(block, size);
    use_.scratch += static_cast<int64_t>(size);
    use_.peak_scratch = std::max(use_.peak_scratch, use_.scratch);
    return block;
  }

  /// Gives the pages of all freed blocks back to the system.
  void drop_pages() {
    if (waiting_ == 0) return;
    for (auto& [size, list] : free_) {
      for (void* block : list.warm) {
        madvise(block, size, MADV_DONTNEED);
        list.cold.push_back(block);
      }
      list.warm.clear();
    }
    use_.ram -= static_cast<int64_t>(waiting_);
    waiting_ = 0;
  }

  std::mutex mutex_;
  std::map<size_t, FreeBlocks> free_;
  size_t waiting_ = 0;  ///< bytes of warm free blocks
  char* at_ = nullptr;
  size_t left_ = 0;
  std::unordered_map<void*, size_t> scratch_;
  int64_t limit_ = 0;
  std::filesystem::path folder_;
  MemoryUse use_;
};

Blocks& blocks() {
  static Blocks* all = new Blocks;  // never destroyed: tensors may outlive static destructors
  return *all;
}

}  // namespace

void set_memory_limit(int64_t bytes, const std::filesystem::path& folder) { blocks().set_limit(bytes, folder); }

MemoryUse memory_use() { return blocks().use(); }
void reset_peak_memory_use() { blocks().reset_peak(); }

void* take_block(size_t bytes) {
  if (bytes >= kPooled) return blocks().take(block_size(bytes));
  void* block = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (!block) throw std::bad_alloc();
  return block;
}

void give_block(void* block, size_t bytes) noexcept {
  if (!block) return;
  if (bytes >= kPooled) blocks().give(block, block_size(bytes));
  else std::free(block);
}

}  // namespace graphsieve
