// Every CPU tensor's bytes, counted at the allocator: an exact, repeatable figure, where resident memory is neither.
// The blocks come from base/large_memory.h.
#pragma once

#include <cstdint>

namespace graphsieve {

/// Makes the counting allocator torch's CPU allocator, once; later calls do nothing. Tensors made before stay valid.
void install_tensor_memory();

/// Bytes asked for by tensors alive now, and the most at once since the last reset. 0 before the install.
int64_t tensor_bytes();
int64_t peak_tensor_bytes();
void reset_peak_tensor_bytes();

}  // namespace graphsieve
