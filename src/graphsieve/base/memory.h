// SPDX-License-Identifier: Apache-2.0
// The memory that the process uses, as the kernel reports it. Bytes of tensors are counted separately, see
// runtime/tensor_memory.h.
#pragma once

#include <cstdint>

namespace graphsieve {

/// Return the resident bytes now, and the largest number since the start of the process or the last reset. Both are 0
/// if the system does not report them.
int64_t resident_bytes();
int64_t peak_resident_bytes();

/// Returns the resident bytes that belong to no file, which the system cannot drop.
int64_t anonymous_bytes();

/// Sets the peak to the resident bytes now. Returns false if the system does not allow it.
bool reset_peak_resident();

}  // namespace graphsieve
