// How much of a memory budget large arrays may hold.
#pragma once

#include <cstdint>
#include <filesystem>

namespace graphsieve {

/// Of `memory` bytes a quarter is left to the pages of mapped files; what the process holds now beside its large arrays comes
/// off the rest. Throws Error where less than 64 MiB remain, naming the least.
int64_t large_array_limit(int64_t memory);

/// Keeps large arrays within `memory`, 0 = without limit; the scratch files of the rest lie beside `output`.
void limit_memory(int64_t memory, const std::filesystem::path& output);

}  // namespace graphsieve
