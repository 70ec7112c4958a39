// SPDX-License-Identifier: Apache-2.0
// The entry points of dropout_add with raw pointers. They do not use torch.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Reference: computes y[e] = residual[e] + (e is kept ? x[e] / (1 - p) : 0) for `count` elements; residual may be
/// null. The gradient of x is the same function of the gradient of y, without residual.
template <class T>
void dropout_add_reference(const T* x, const T* residual, int64_t count, double p, uint64_t key, T* y);

/// Computes the same bits as the reference, in vector code on the thread pool.
void dropout_add(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y);

}  // namespace graphsieve::kernels
