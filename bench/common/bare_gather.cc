// SPDX-License-Identifier: Apache-2.0
#include "common/bare_gather.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace graphsieve::bench {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kAhead = 12;  ///< rows; 8 to 16 measure alike

/// A cache line as sixteen lanes. Integer lanes: a row's bits may look like any float, and slow ones must not count.
using Line = uint32_t __attribute__((vector_size(64), aligned(4), may_alias));

}  // namespace

void* huge_allocate(size_t bytes) {
  const size_t whole = (bytes + kHugePage) / kHugePage * kHugePage;  // at least one page, and room past the end
  void* memory = std::aligned_alloc(kHugePage, whole);
  if (!memory) throw std::bad_alloc();
  madvise(memory, whole, MADV_HUGEPAGE);
  std::memset(memory, 0, whole);
  return memory;
}

void huge_free(void* memory) { std::free(memory); }

// Four sums, so that one addition need not wait for the one before it.
__attribute__((target_clones("avx512f", "avx2", "default"))) uint64_t bare_gather(const void* rows, int64_t row_bytes,
                                                                                  const int32_t* index, int64_t count) {
  const char* base = static_cast<const char*>(rows);
  Line sum[4] = {};
  for (int64_t e = 0; e < count; ++e) {
    if (e + kAhead < count) {
      const char* next = base + index[e + kAhead] * row_bytes;
      for (int64_t b = 0; b < row_bytes; b += 64) __builtin_prefetch(next + b);
    }
    const char* row = base + index[e] * row_bytes;
    int64_t b = 0;
    for (; b + 256 <= row_bytes; b += 256) {
      sum[0] += *reinterpret_cast<const Line*>(row + b);
      sum[1] += *reinterpret_cast<const Line*>(row + b + 64);
      sum[2] += *reinterpret_cast<const Line*>(row + b + 128);
      sum[3] += *reinterpret_cast<const Line*>(row + b + 192);
    }
    for (; b < row_bytes; b += 64) sum[0] += *reinterpret_cast<const Line*>(row + b);
  }
  uint64_t total = 0;
  for (const Line& s : sum)
    for (int lane = 0; lane < 16; ++lane) total += s[lane];
  return total;
}

}  // namespace graphsieve::bench
