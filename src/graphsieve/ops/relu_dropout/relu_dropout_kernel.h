// SPDX-License-Identifier: Apache-2.0
// The entry points of relu_dropout with raw pointers. They do not use torch.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Reference: computes y[e] = (e is kept and not x[e] <= 0) ? x[e] / (1 - p) : 0 for `count` elements.
template <class T>
void relu_dropout_reference(const T* x, int64_t count, double p, uint64_t key, T* y);
/// Reference: computes dx[e] = y[e] <= 0 ? 0 : grad[e] / (1 - p).
template <class T>
void relu_dropout_backward_reference(const T* grad, const T* y, int64_t count, double p, T* dx);

/// Compute the same bits as the references, in vector code on the thread pool.
void relu_dropout(const float* x, int64_t count, double p, uint64_t key, float* y);
void relu_dropout_backward(const float* grad, const float* y, int64_t count, double p, float* dx);

}  // namespace graphsieve::kernels
