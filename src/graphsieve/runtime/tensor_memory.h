// SPDX-License-Identifier: Apache-2.0
// The bytes of all CPU tensors, counted by the allocator. This number is exact and repeatable, which resident memory is
// not. The memory comes from base/large_memory.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace graphsieve {

/// Bytes in front of every tensor's data, in the same block. The data stays aligned to a cache line.
constexpr size_t kTensorHeader = 64;

/// Priority passed to c10::SetCPUAllocator, both to install the counting allocator and to restore the former one.
constexpr uint8_t kAllocatorPriority = 100;

/// Makes the counting allocator torch's CPU allocator. Tensors that exist already stay valid.
void install_tensor_memory();

/// Return the bytes that living tensors have requested: now, and the most at any time since the last reset. 0 before
/// install_tensor_memory().
int64_t tensor_bytes();
int64_t peak_tensor_bytes();
void reset_peak_tensor_bytes();

}  // namespace graphsieve
