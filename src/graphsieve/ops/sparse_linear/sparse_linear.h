// y = X Wᵀ + b for a sparse X (bag-of-words features) that comes with its transpose.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// X [n, in] in CSR: row_start int64 [n + 1], column int32 [nnz], value [nnz]; its transpose: t_row_start int64 [in + 1],
/// t_row int32 [nnz], t_value [nnz]. weight [out, in], bias [out] or absent, of value's type: float32 or float64.
/// Returns [n, out]. Differentiable in weight and bias alone. Throws c10::Error where a shape or type does not fit, or
/// a row_start does not run from 0 to nnz; the indices themselves are the caller's promise.
at::Tensor sparse_linear(const at::Tensor& row_start, const at::Tensor& column, const at::Tensor& value,
                         const at::Tensor& t_row_start, const at::Tensor& t_row, const at::Tensor& t_value,
                         const at::Tensor& weight, const std::optional<at::Tensor>& bias = std::nullopt);

}  // namespace graphsieve::ops
