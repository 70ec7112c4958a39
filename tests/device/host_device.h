// SPDX-License-Identifier: Apache-2.0
// A device of the tests' own, torch's PrivateUse1, that behaves as a GPU does and needs none: its kernels are the .cu
// files compiled for fibers (tests/cuda/emulated_cuda.h) behind the adapters of GPUs, and torch's own operators on the
// CPU. Strict where a GPU is: its memory cannot be touched but by kernels and copies (it is not mapped otherwise),
// operators refuse tensors of both sides, and the streams' order is checked: who uses what another stream made must
// have waited for it, and memory must not be freed while another stream may still read it.
#pragma once

#include <cstdint>

namespace graphsieve::host_device {

/// Its name for runtime/device.h.
constexpr const char* kName = "host_device";

/// Once a process; a second call does nothing.
void install();

/// What the allocator says is free, at most; 0: all of it.
void pretend_free(int64_t bytes);

/// Offences against the streams' order so far; what they were goes to stderr.
int64_t offences();

/// How often work has gone to another than the first stream.
int64_t side_work();

}  // namespace graphsieve::host_device
