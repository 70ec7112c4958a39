// SPDX-License-Identifier: Apache-2.0
// The entry points of unit_rows with raw pointers. README.md has the formula.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// The arguments of a call. T is float or double.
template <class T>
struct UnitRowsArgs {
  const T* x;  ///< [n, width]
  int64_t n, width;
  int64_t first;   ///< the first column that counts
  T least, scale;  ///< smallest divisor; length of the results
};

/// Writes y [n, width] and the divisor of each row [n].
template <class T>
void unit_rows(const UnitRowsArgs<T>& a, T* y, T* divisor);

/// Writes the gradient of x [n, width] for the gradient of y. Returns the gradient of the scale.
template <class T>
double unit_rows_backward(const UnitRowsArgs<T>& a, const T* divisor, const T* grad, T* dx);

}  // namespace graphsieve::kernels
