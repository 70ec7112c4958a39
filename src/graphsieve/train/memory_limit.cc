#include "graphsieve/train/memory_limit.h"

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/memory.h"

namespace graphsieve {

int64_t large_array_limit(int64_t memory) {
  constexpr int64_t kLeast = int64_t{64} << 20;
  const int64_t others = anonymous_bytes() - memory_use().ram, large = memory / 4 * 3 - others;
  if (large < kLeast) throw Error("memory is ", memory, " bytes, expected at least ", (others + kLeast) / 3 * 4);
  return large;
}

}  // namespace graphsieve
