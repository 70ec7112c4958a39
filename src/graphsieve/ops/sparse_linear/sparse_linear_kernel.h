// SPDX-License-Identifier: Apache-2.0
// The entry points of sparse_linear with raw pointers. They do not use torch.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// A sparse matrix by rows: row r has value[e] in column index[e] for e in [row_start[r], row_start[r + 1]).
template <class T>
struct SparseRows {
  int64_t rows;
  const int64_t* row_start;
  const int32_t* index;
  const T* value;
};

/// Reference: computes y [x.rows, out] = x Wᵀ + b for weight [out, in]; bias may be null. Sums are in double.
template <class T>
void sparse_linear_reference(const SparseRows<T>& x, const T* weight, const T* bias, int64_t in, int64_t out, T* y);
/// Reference: computes dweight [out, in] from the transpose of x (`in` rows) and grad [n, out].
template <class T>
void sparse_linear_backward_reference(const SparseRows<T>& x_t, const T* grad, int64_t out, T* dweight);

/// Returns the numbers per row of the scratch matrices: `out` rounded up to whole vectors.
int64_t sparse_linear_scratch_width(int64_t out);

/// Computes y as the reference does, in vector code on the thread pool. `scratch` has (in + 1) *
/// sparse_linear_scratch_width(out) numbers.
void sparse_linear(const SparseRows<float>& x, const float* weight, const float* bias, int64_t in, int64_t out,
                   float* scratch, float* y);
/// Computes dweight in vector code. `scratch` has (in + n) * sparse_linear_scratch_width(out) numbers, whose last n
/// rows are not used if `out` equals that width.
void sparse_linear_backward(const SparseRows<float>& x_t, const float* grad, int64_t n, int64_t out, float* scratch,
                            float* dweight);

}  // namespace graphsieve::kernels
