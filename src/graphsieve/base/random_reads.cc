#include "graphsieve/base/random_reads.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace graphsieve {

RandomReads::RandomReads(const void* block, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)), from = reinterpret_cast<uintptr_t>(block);
  const uintptr_t first = from / page * page;
  first_page_ = reinterpret_cast<void*>(first);
  size_ = from + bytes - first;
  madvise(first_page_, size_, MADV_RANDOM);
}

RandomReads::~RandomReads() { madvise(first_page_, size_, MADV_NORMAL); }

}  // namespace graphsieve
