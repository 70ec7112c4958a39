// What the process holds, read from the kernel. Tensor bytes are counted apart, see runtime/tensor_memory.h.
#pragma once

#include <cstdint>

namespace graphsieve {

/// Resident bytes now, and the largest since the start or the last reset; 0 where the system does not tell.
int64_t resident_bytes();
int64_t peak_resident_bytes();

/// Resident bytes that stand in no file, which the system cannot drop.
int64_t anonymous_bytes();

/// Sets the peak to what is resident now. Returns false where the system does not allow it.
bool reset_peak_resident();

}  // namespace graphsieve
