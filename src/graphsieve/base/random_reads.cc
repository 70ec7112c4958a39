// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/random_reads.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace graphsieve {

RandomReads::RandomReads(const void* block, size_t bytes) {
  const auto into_page = reinterpret_cast<uintptr_t>(block) % static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  first_page_ = const_cast<char*>(static_cast<const char*>(block)) - into_page;
  size_ = bytes + into_page;
  madvise(first_page_, size_, MADV_RANDOM);
}

RandomReads::~RandomReads() { madvise(first_page_, size_, MADV_NORMAL); }

}  // namespace graphsieve
