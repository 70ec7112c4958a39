// How much of a memory budget large arrays may hold.
#pragma once

#include <cstdint>

namespace graphsieve {

/// Of `memory` bytes a quarter is left to the pages of mapped files; what the process holds now beside its large arrays comes
/// off the rest. Throws Error where less than 64 MiB remain, naming the least.
int64_t large_array_limit(int64_t memory);

}  // namespace graphsieve
