// Sums whose order is fixed by the data: the same bits at any number of threads. T is float or double.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// out[c] = sum over r of x[r, c], x contiguous rows x columns.
template <class T>
void column_sums(const T* x, int64_t rows, int64_t columns, T* out);

/// out[i] = parts[0, i] + parts[1, i] + …, parts contiguous count x size; `out` may be the first part.
template <class T>
void add_parts(const T* parts, int64_t count, int64_t size, T* out);

}  // namespace graphsieve::kernels
