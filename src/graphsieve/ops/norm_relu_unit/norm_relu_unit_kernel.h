// SPDX-License-Identifier: Apache-2.0
// The entry points of norm_relu_unit with raw pointers. They do not use torch. README.md has the formulas.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// The arguments of a call. T is float or double.
template <class T>
struct NormReluUnitArgs {
  const T* x;  ///< [n, columns]
  int64_t n, columns;
  const T *weight, *bias;  ///< [columns]
  const T *mean, *var;     ///< [columns], the statistics in use
  double eps;              ///< number that is added to variances
  T least;                 ///< smallest divisor of a row
};

/// The memory for the gradients: x [n, columns], weight and bias [columns].
template <class T>
struct NormReluUnitGradients {
  T *x, *weight, *bias;
};

/// Writes y [n, columns].
template <class T>
void norm_relu_unit(const NormReluUnitArgs<T>& a, T* y);

/// Writes the gradients for the gradient `grad` of y. `batch_stats`: the statistics are those of x, through which the
/// gradient then flows.
template <class T>
void norm_relu_unit_backward(const NormReluUnitArgs<T>& a, const T* grad, bool batch_stats,
                             const NormReluUnitGradients<T>& to);

}  // namespace graphsieve::kernels
