// SPDX-License-Identifier: Apache-2.0
// The memory that a run may use: the budget as a value that is passed on, and the limit that applies to the process.
#pragma once

#include <cstdint>
#include <filesystem>

namespace graphsieve {

/// The memory that a run may use, and the part of it for large arrays.
struct MemoryBudget {
  int64_t memory = 0;        ///< bytes of the whole process; 0: no limit
  int64_t large_arrays = 0;  ///< bytes of large arrays (base/large_memory.h); 0: no limit

  bool limited() const { return large_arrays > 0; }

  /// Returns the budget of `memory` bytes; 0 means no limit. A quarter is left for the pages of mapped files, and the
  /// memory that the process now uses besides its large arrays is subtracted from the rest. Throws Error if less than
  /// 64 MiB remain, naming the smallest sufficient budget.
  static MemoryBudget of(int64_t memory);
};

/// Limits the large arrays of the process to a budget while the object lives; afterwards there is no limit. Arrays that
/// do not fit lie in scratch files beside `output`. The limit belongs to the process, so only one object may live at a
/// time.
class LimitedMemory {
 public:
  LimitedMemory(const MemoryBudget& budget, const std::filesystem::path& output);
  ~LimitedMemory();
  LimitedMemory(const LimitedMemory&) = delete;
  LimitedMemory& operator=(const LimitedMemory&) = delete;
};

}  // namespace graphsieve
