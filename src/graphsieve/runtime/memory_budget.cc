// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/memory_budget.h"

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

MemoryBudget MemoryBudget::of(int64_t memory) {
  if (memory <= 0) return {};
  constexpr int64_t kLeast = int64_t{64} << 20;
  // The process's own memory without its large arrays stays as it is, so the large arrays get what is left of three
  // quarters. The message inverts this rule to name the smallest budget.
  const int64_t others = anonymous_bytes() - memory_use().ram, large = memory / 4 * 3 - others;
  if (large < kLeast) throw Error("memory is ", memory, " bytes, expected at least ", (others + kLeast) / 3 * 4);
  return {memory, large};
}

LimitedMemory::LimitedMemory(const MemoryBudget& budget, const std::filesystem::path& output) {
  if (!budget.limited()) {
    set_memory_limit(0, {});
    return;
  }
  const auto parent = std::filesystem::absolute(output).parent_path();
  make_folders(parent);
  set_memory_limit(budget.large_arrays, parent);
}

LimitedMemory::~LimitedMemory() { set_memory_limit(0, {}); }

}  // namespace graphsieve
