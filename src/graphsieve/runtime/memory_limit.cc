#include "graphsieve/runtime/memory_limit.h"

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

int64_t large_array_limit(int64_t memory) {
  constexpr int64_t kLeast = int64_t{64} << 20;
  const int64_t others = anonymous_bytes() - memory_use().ram, large = memory / 4 * 3 - others;
  if (large < kLeast) throw Error("memory is ", memory, " bytes, expected at least ", (others + kLeast) / 3 * 4);
  return large;
}

void limit_memory(int64_t memory, const std::filesystem::path& output) {
  if (memory <= 0) return set_memory_limit(0, {});
  const int64_t limit = large_array_limit(memory);
  const auto parent = std::filesystem::absolute(output).parent_path();
  make_folders(parent);
  set_memory_limit(limit, parent);
}

}  // namespace graphsieve
