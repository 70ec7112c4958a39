// Raw-pointer entry points of sparse_attention on NVIDIA GPUs; no torch from here down. All pointers are of the device.
// Shapes and formula: README.md.
#pragma once

#include "graphsieve/ops/common/cuda_stream.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::kernels {

/// Edges as TypedEdges has them; or `degree` of each row, row r's at [r * degree, (r + 1) * degree), with row_start
/// null and index −1 throughout a row without edges.
struct DeviceEdges {
  int64_t rows, count;  ///< count of edges
  const int64_t* row_start;
  const int32_t* index;
  const uint8_t* type;
  int64_t degree = 0;
};

/// Whether the kernels take a row of `heads` heads of `head_width` elements of `bytes`: both powers of two, a head of
/// at least 16 bytes, a row of at most 1 KiB. The caller pads others with zeros.
bool sparse_attention_cuda_takes(int64_t heads, int64_t head_width, int64_t bytes);

/// T is float, BFloat16 or Float16. key_width = value_width; rows begin on 16 bytes, so do their strides. Contracts are
/// those of sparse_attention_forward, _backward and _scores. The same bits in every call; nothing waits for the host.
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
