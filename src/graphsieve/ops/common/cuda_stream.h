// SPDX-License-Identifier: Apache-2.0
// The type of a CUDA stream, without CUDA's headers.
#pragma once

namespace graphsieve::kernels {

using CudaStream = void*;  ///< a cudaStream_t; null is the default stream

}  // namespace graphsieve::kernels
