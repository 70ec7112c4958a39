// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

/// Checks one matrix in CSR form; `prefix` is "" or "t_" for the messages.
inline void check_matrix(const char* op, const char* prefix, const at::Tensor& row_start, const at::Tensor& index,
                         const at::Tensor& value) {
  TORCH_CHECK(row_start.dim() == 1 && row_start.sym_size(0) >= 1 && row_start.scalar_type() == at::kLong, op, ": ",
              prefix, "row_start must be int64 [rows + 1], got ", row_start.scalar_type(), " ", row_start.sym_sizes());
  TORCH_CHECK(index.dim() == 1 && index.scalar_type() == at::kInt, op, ": ", prefix,
              "indices must be int32 [nnz], got ", index.scalar_type(), " ", index.sym_sizes());
  check_floating(op, "value", value);
  TORCH_CHECK(value.dim() == 1 && value.sym_size(0) == index.sym_size(0), op, ": ", prefix,
              "value must be [nnz] as its indices are, ", index.sym_sizes(), ", got ", value.sym_sizes());
}

inline void check_sparse_linear(const at::Tensor& row_start, const at::Tensor& column, const at::Tensor& value,
                                const at::Tensor& t_row_start, const at::Tensor& t_row, const at::Tensor& t_value,
                                const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const char* op = "sparse_linear";
  check_matrix(op, "", row_start, column, value);
  check_matrix(op, "t_", t_row_start, t_row, t_value);
  TORCH_CHECK(t_row.sym_size(0) == column.sym_size(0), op, ": the transpose must have as many entries as the matrix, ",
              column.sym_size(0), ", got ", t_row.sym_size(0));
  TORCH_CHECK(weight.dim() == 2 && weight.sym_size(1) + 1 == t_row_start.sym_size(0), op,
              ": weight must be [out, in] with in + 1 = ", t_row_start.sym_size(0), " as t_row_start, got ",
              weight.sym_sizes());
  TORCH_CHECK(weight.scalar_type() == value.scalar_type() && t_value.scalar_type() == value.scalar_type(), op,
              ": value, t_value and weight must have one type, got ", value.scalar_type(), ", ", t_value.scalar_type(),
              " and ", weight.scalar_type());
  if (bias) check_like(op, "bias", *bias, "[out]", {weight.sym_size(0)}, weight);
}

inline void check_sparse_linear_backward(const at::Tensor& grad, const at::Tensor& t_row_start, const at::Tensor& t_row,
                                         const at::Tensor& t_value) {
  check_matrix("sparse_linear_backward", "t_", t_row_start, t_row, t_value);
  TORCH_CHECK(grad.dim() == 2 && grad.scalar_type() == t_value.scalar_type(),
              "sparse_linear_backward: grad must be [n, out] of type ", t_value.scalar_type(), ", got ",
              grad.scalar_type(), " ", grad.sym_sizes());
}

}  // namespace graphsieve::ops
