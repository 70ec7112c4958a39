// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/large_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "graphsieve/base/block_pool.h"
#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kChunk = 8 * kHugePage;

/// Creates a file without a name in `folder`, allocates `size` bytes for it on the disk and returns its descriptor.
/// Throws Error naming the folder if the file cannot be made or the disk is full.
int scratch_file(const std::filesystem::path& folder, size_t size) {
  int descriptor = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {  // a file system without O_TMPFILE
    std::string name = (folder / "scratch-XXXXXX").string();
    descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(name.c_str());
  }
  if (descriptor < 0) throw Error(folder.string(), ": cannot make a scratch file: ", std::strerror(errno));
  const int failed = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  if (failed == 0) return descriptor;
  close(descriptor);
  throw Error(folder.string(), ": no room for a scratch file of ", size, " bytes: ", std::strerror(failed));
}

/// The backing of BlockPool that provides real memory: blocks of RAM are cut from chunks of huge pages, other blocks
/// are mapped scratch files. Chunks are never freed; only the pages of their unused blocks are returned.
class Memory {
 public:
  using Block = void*;

  void set_folder(const std::filesystem::path& folder) { folder_ = folder; }

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
    return block;
  }

  void unmap_scratch(void* block, size_t size) { munmap(block, size); }
  void drop_pages(void* block, size_t size) { madvise(block, size, MADV_DONTNEED); }

 private:
  std::filesystem::path folder_;
  char* at_ = nullptr;
  size_t left_ = 0;
};

BlockPool<Memory>& blocks() {
  static auto* all = [] {  // never destroyed: tensors may outlive static destructors
    pthread_atfork([] { blocks().before_fork(); }, [] { blocks().after_fork_in_parent(); },
                   [] { blocks().after_fork_in_child(); });
    return new BlockPool<Memory>;
  }();
  return *all;
}

}  // namespace

void set_memory_limit(int64_t bytes, const std::filesystem::path& folder) {
  blocks().set_limit(bytes, [&](Memory& memory) { memory.set_folder(folder); });
}

int64_t memory_limit() { return blocks().limit(); }

MemoryUse memory_use() { return blocks().use(); }
void reset_peak_memory_use() { blocks().reset_peak(); }

void trim_memory() { blocks().trim(); }

namespace {

thread_local bool scratch_first = false;

}  // namespace

ScratchFirst::ScratchFirst() : before_(scratch_first) { scratch_first = true; }
ScratchFirst::~ScratchFirst() { scratch_first = before_; }
bool ScratchFirst::active() { return scratch_first; }

void* take_block(size_t bytes) {
  if (bytes >= kPooledBytes) return blocks().take(bytes);
  void* block = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (!block) throw std::bad_alloc();
  return block;
}

void give_block(void* block, size_t bytes) noexcept {
  if (!block) return;
  if (bytes >= kPooledBytes)
    blocks().give(block, bytes);
  else
    std::free(block);
}

}  // namespace graphsieve
