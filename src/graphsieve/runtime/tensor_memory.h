// Every CPU tensor's bytes, counted at the allocator: an exact, repeatable figure, where resident memory is neither.
// The blocks come from base/large_memory.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace graphsieve {

/// In front of every tensor's data, in its block; keeps the data aligned to a cache line.
constexpr size_t kTensorHeader = 64;

/// Priority passed to c10::SetCPUAllocator, both to install the counting allocator and to restore the former one.
constexpr uint8_t kAllocatorPriority = 100;

/// Makes the counting allocator torch's CPU allocator. Tensors made before stay valid.
void install_tensor_memory();

/// Bytes asked for by tensors alive now, and the most at once since the last reset. 0 before the install.
int64_t tensor_bytes();
int64_t peak_tensor_bytes();
void reset_peak_tensor_bytes();

}  // namespace graphsieve
