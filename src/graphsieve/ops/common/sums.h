// SPDX-License-Identifier: Apache-2.0
// Sums whose order depends on the data only, so that they have the same bits at any number of threads. T is float or
// double.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Computes out[c] = Σ_r x[r, c] for contiguous x [rows, columns].
template <class T>
void column_sums(const T* x, int64_t rows, int64_t columns, T* out);

/// Computes out[i] = parts[0, i] + parts[1, i] + … for contiguous parts [count, size]. `out` may be the first part.
template <class T>
void add_parts(const T* parts, int64_t count, int64_t size, T* out);

}  // namespace graphsieve::kernels
