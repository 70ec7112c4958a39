// Raw-pointer entry points of sparse_linear; no torch from here down.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Sparse matrix by rows: row r holds value[e] at index[e] for e in [row_start[r], row_start[r + 1]).
template <class T>
struct SparseRows {
  int64_t rows;
  const int64_t* row_start;
  const int32_t* index;
  const T* value;
};

/// y [x.rows, out] = x Wᵀ + b, weight [out, in]; bias may be null.
template <class T>
void sparse_linear_reference(const SparseRows<T>& x, const T* weight, const T* bias, int64_t in, int64_t out, T* y);
/// dweight [out, in] from x's transpose (`in` rows) and grad [n, out].
template <class T>
void sparse_linear_backward_reference(const SparseRows<T>& x_t, const T* grad, int64_t out, T* dweight);

/// Numbers per row of the scratch matrices: `out` rounded up to whole vectors.
int64_t sparse_linear_scratch_width(int64_t out);

/// The same in vector code on the pool. scratch: (in + 1) * sparse_linear_scratch_width(out) numbers.
void sparse_linear(const SparseRows<float>& x, const float* weight, const float* bias, int64_t in, int64_t out,
                   float* scratch, float* y);
/// scratch: (in + n) * sparse_linear_scratch_width(out) numbers; the n rows are not touched if `out` is that width.
void sparse_linear_backward(const SparseRows<float>& x_t, const float* grad, int64_t n, int64_t out, float* scratch,
                            float* dweight);

}  // namespace graphsieve::kernels
