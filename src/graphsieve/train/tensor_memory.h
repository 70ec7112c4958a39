// Every CPU tensor's bytes, counted at the allocator: an exact, repeatable figure, where resident memory is neither.
//
// The allocator keeps freed blocks for reuse and asks for huge pages, since big temporaries that go back to the kernel are
// faulted in again page by page, which costs more than the arithmetic on them.
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
