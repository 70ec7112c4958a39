// SPDX-License-Identifier: Apache-2.0
// The linear map y = X Wᵀ + b for a sparse X (bag-of-words features) that is given together with its transpose.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns y = X Wᵀ + b, [n, out]. X [n, in] is in CSR form: row_start int64 [n + 1], column int32 [nnz], value [nnz].
/// Its transpose is t_row_start int64 [in + 1], t_row int32 [nnz], t_value [nnz]. weight [out, in] and bias [out] (or
/// absent) have the type of value: float32 or float64. Differentiable in weight and bias only. Throws c10::Error if a
/// shape or type does not fit, or if a row_start does not run from 0 to nnz. The indices are not checked; the caller
/// guarantees that they are in range.
GRAPHSIEVE_API at::Tensor sparse_linear(const at::Tensor& row_start, const at::Tensor& column, const at::Tensor& value,
                                        const at::Tensor& t_row_start, const at::Tensor& t_row,
                                        const at::Tensor& t_value, const at::Tensor& weight,
                                        const std::optional<at::Tensor>& bias = std::nullopt);

}  // namespace graphsieve::ops
