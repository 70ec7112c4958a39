// SPDX-License-Identifier: Apache-2.0
// The entry points of layer_norm with raw pointers. README.md has the formula.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// The arguments of a call. T is float or double.
template <class T>
struct LayerNormArgs {
  const T* x;  ///< [n, width]
  int64_t n, width;
  const T *weight, *bias;  ///< [width]
  T eps;                   ///< number that is added to variances
};

/// Writes y [n, width], and per row the mean and the inverse of the standard deviation, [n].
template <class T>
void layer_norm(const LayerNormArgs<T>& a, T* y, T* mean, T* inverse);

/// Writes the gradients of x [n, width], of the weight and of the bias [width] for the gradient of y.
template <class T>
void layer_norm_backward(const LayerNormArgs<T>& a, const T* mean, const T* inverse, const T* grad, T* dx, T* dweight,
                         T* dbias);

}  // namespace graphsieve::kernels
