// The part of a memory budget that large arrays may use.
#pragma once

#include <cstdint>
#include <filesystem>

namespace graphsieve {

/// Returns the bytes that large arrays may use of a budget of `memory` bytes. A quarter of the budget is left for the
/// pages of mapped files, and the memory that the process now uses besides its large arrays is subtracted from the
/// rest. Throws Error if less than 64 MiB remain, naming the smallest sufficient budget.
int64_t large_array_limit(int64_t memory);

/// Limits large arrays to a budget of `memory` bytes; 0 means no limit. The scratch files of what exceeds it lie beside
/// `output`.
void limit_memory(int64_t memory, const std::filesystem::path& output);

}  // namespace graphsieve
