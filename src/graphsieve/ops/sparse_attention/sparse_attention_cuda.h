// SPDX-License-Identifier: Apache-2.0
// The entry points of sparse_attention on NVIDIA GPUs, with raw pointers. They do not use torch. All pointers are
// device pointers. README.md has the shapes and the formula.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::kernels {

/// Edges in the form of TypedEdges, or `degree` edges per row: row_start is then null, row r has the edges [r * degree,
/// (r + 1) * degree), and a row without edges has index −1 throughout.
struct DeviceEdges {
  int64_t rows, count;  ///< `count` is the number of edges
  const int64_t* row_start;
  const int32_t* index;
  const uint8_t* type;
  int64_t degree = 0;
};

/// True if the kernels accept a row of `heads` heads of `head_width` elements of `bytes` bytes: both are powers of two,
/// a head has at least 16 bytes, and a row at most 1 KiB. The caller pads other rows with zeros.
bool sparse_attention_cuda_takes(int64_t heads, int64_t head_width, int64_t bytes);

/// Compute sparse_attention_forward, _backward and _scores on the device. T is float, BFloat16 or Float16. key_width
/// equals value_width. The rows begin at multiples of 16 bytes, and so do their strides. Every call gives the same
/// bits, and no call waits for the host.
template <class T>
void sparse_attention_forward_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges, T* out, float* log_sum,
                                   const Scratch& scratch, CudaStream stream);
template <class T>
void sparse_attention_backward_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges,
                                    const DeviceEdges& by_source, const T* out, const float* log_sum, const T* grad,
                                    const SparseAttentionGradients<T>& to, const Scratch& scratch, CudaStream stream);
template <class T>
void sparse_attention_scores_cuda(const SparseAttentionArgs<T>& a, const DeviceEdges& edges, const float* log_sum,
                                  float* scores, CudaStream stream);

}  // namespace graphsieve::kernels
