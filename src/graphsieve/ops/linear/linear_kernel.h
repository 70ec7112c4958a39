// SPDX-License-Identifier: Apache-2.0
// The reference implementation of linear, the oracle of its tests. The fast implementation uses matrix products of
// fixed blocks of rows, see linear_op.cc.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Computes y[i, o] = b[o] + Σ_c x[i, c] · w[o, c]; bias may be null. T is float or double; sums are in double.
template <class T>
void linear_reference(const T* x, const T* weight, const T* bias, int64_t n, int64_t in, int64_t out, T* y);

/// Computes the gradients of x, weight and bias from the gradient of y; each result may be null.
template <class T>
void linear_backward_reference(const T* grad, const T* x, const T* weight, int64_t n, int64_t in, int64_t out, T* dx,
                               T* dweight, T* dbias);

}  // namespace graphsieve::kernels
