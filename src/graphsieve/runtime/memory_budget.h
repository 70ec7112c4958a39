// How much memory a run may take: a value that is handed down, and the one limit that the process really has.
#pragma once

#include <cstdint>
#include <filesystem>

namespace graphsieve {

/// The memory that a run may take, and the part of it that large arrays may hold.
struct MemoryBudget {
  int64_t memory = 0;        ///< bytes of the whole process; 0: without limit
  int64_t large_arrays = 0;  ///< bytes of large arrays (base/large_memory.h); 0: without limit

  bool limited() const { return large_arrays > 0; }

  /// The budget of `memory` bytes, 0 for none. A quarter is left to the pages of mapped files; what the process holds now
  /// beside its large arrays comes off the rest. Throws Error, naming the least, where less than 64 MiB remain.
  static MemoryBudget of(int64_t memory);
};

/// Keeps the process's large arrays within a budget while the object lives, and puts the former limit back afterwards.
/// Arrays that do not fit lie in scratch files beside `output`. The limit is the process's: one object at a time.
class LimitedMemory {
 public:
  LimitedMemory(const MemoryBudget& budget, const std::filesystem::path& output);
  ~LimitedMemory();
  LimitedMemory(const LimitedMemory&) = delete;
  LimitedMemory& operator=(const LimitedMemory&) = delete;
};

}  // namespace graphsieve
