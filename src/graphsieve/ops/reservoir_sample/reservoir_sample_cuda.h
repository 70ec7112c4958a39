// SPDX-License-Identifier: Apache-2.0
// Raw-pointer entry point of reservoir_sample on NVIDIA GPUs; no torch from here down.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve::kernels {

constexpr int64_t kMostSampled = 256;  ///< k on a GPU

/// As reservoir_sample with k up to kMostSampled, all pointers of the device: the same edges, of the same keys. Nothing
/// waits for the host. Throws Error for another k.
void reservoir_sample_cuda(const ReservoirArgs& a, int32_t* index, int32_t* position, CudaStream stream);

}  // namespace graphsieve::kernels
