// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/sparse_linear/sparse_linear.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/sums.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_checks.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
using Two = std::tuple<Tensor, Tensor>;

/// Checks row starts by their values, which the shape function cannot see. nnz is the number of the matrix's entries.
void check_row_start(const char* op, const char* name, const Tensor& row_start, int64_t nnz) {
  const int64_t* start = row_start.const_data_ptr<int64_t>();
  TORCH_CHECK(start[0] == 0 && start[row_start.numel() - 1] == nnz, op, ": ", name, " must run from 0 to nnz = ", nnz,
              ", got ", start[0], " to ", start[row_start.numel() - 1]);
}

Tensor sparse_linear_meta(const Tensor& row_start, const Tensor& column, const Tensor& value, const Tensor& t_row_start,
                          const Tensor& t_row, const Tensor& t_value, const Tensor& weight, const Optional& bias) {
  check_sparse_linear(row_start, column, value, t_row_start, t_row, t_value, weight, bias);
  return at::empty_symint({row_start.sym_size(0) - 1, weight.sym_size(0)}, weight.options());
}

/// Returns a matrix of tensors in the form that the kernels use.
template <class T>
kernels::SparseRows<T> matrix(const Tensor& row_start, const Tensor& index, const Tensor& value) {
  return {row_start.numel() - 1, row_start.const_data_ptr<int64_t>(), index.const_data_ptr<int32_t>(),
          value.const_data_ptr<T>()};
}

/// float32 uses the vector code, float64 the reference.
Tensor sparse_linear_cpu(const Tensor& row_start_any, const Tensor& column_any, const Tensor& value_any,
                         const Tensor& t_row_start, const Tensor& t_row, const Tensor& t_value,
                         const Tensor& weight_any, const Optional& bias_any) {
  check_sparse_linear(row_start_any, column_any, value_any, t_row_start, t_row, t_value, weight_any, bias_any);
  const Tensor row_start = row_start_any.contiguous(), column = column_any.contiguous(), value = value_any.contiguous();
  const Tensor weight = weight_any.contiguous();
  const Optional bias = contiguous(bias_any);
  check_row_start("sparse_linear", "row_start", row_start, column.numel());
  const int64_t in = weight.size(1), out = weight.size(0);
  Tensor y = at::empty({row_start.numel() - 1, out}, weight.options());
  if (y.numel() == 0) return y;
  if (value.scalar_type() == at::kFloat) {
    const Tensor scratch = at::empty({in + 1, kernels::sparse_linear_scratch_width(out)}, weight.options());
    kernels::sparse_linear(matrix<float>(row_start, column, value), weight.const_data_ptr<float>(),
                           pointer_or_null<float>(bias), in, out, scratch.mutable_data_ptr<float>(),
                           y.mutable_data_ptr<float>());
  } else {
    kernels::sparse_linear_reference(matrix<double>(row_start, column, value), weight.const_data_ptr<double>(),
                                     pointer_or_null<double>(bias), in, out, y.mutable_data_ptr<double>());
  }
  return y;
}

Two sparse_linear_backward_meta(const Tensor& grad, const Tensor& t_row_start, const Tensor& t_row,
                                const Tensor& t_value, bool has_bias) {
  check_sparse_linear_backward(grad, t_row_start, t_row, t_value);
  const c10::SymInt out = grad.sym_size(1);
  return {at::empty_symint({out, t_row_start.sym_size(0) - 1}, grad.options()),
          at::empty_symint({has_bias ? out : c10::SymInt(0)}, grad.options())};
}

/// Computes the gradient of the bias.
template <class T>
void sum_gradient_rows(const Tensor& grad, Tensor& out) {
  kernels::column_sums(grad.const_data_ptr<T>(), grad.size(0), grad.size(1), out.mutable_data_ptr<T>());
}

Two sparse_linear_backward_cpu(const Tensor& grad_any, const Tensor& t_row_start_any, const Tensor& t_row_any,
                               const Tensor& t_value_any, bool has_bias) {
  check_sparse_linear_backward(grad_any, t_row_start_any, t_row_any, t_value_any);
  const Tensor grad = grad_any.contiguous(), t_row_start = t_row_start_any.contiguous();
  const Tensor t_row = t_row_any.contiguous(), t_value = t_value_any.contiguous();
  check_row_start("sparse_linear_backward", "t_row_start", t_row_start, t_row.numel());
  const int64_t in = t_row_start.numel() - 1, n = grad.size(0), out = grad.size(1);
  Tensor dweight = at::empty({out, in}, grad.options()), dbias = at::empty({has_bias ? out : 0}, grad.options());
  const bool single = grad.scalar_type() == at::kFloat;
  if (dweight.numel() > 0 && single) {
    // The gradient is copied into wider rows only if its rows are not whole vectors already.
    const int64_t width = kernels::sparse_linear_scratch_width(out);
    const Tensor scratch = at::empty({in + (width == out ? 0 : n), width}, grad.options());
    kernels::sparse_linear_backward(matrix<float>(t_row_start, t_row, t_value), grad.const_data_ptr<float>(), n, out,
                                    scratch.mutable_data_ptr<float>(), dweight.mutable_data_ptr<float>());
  } else if (dweight.numel() > 0) {
    kernels::sparse_linear_backward_reference(matrix<double>(t_row_start, t_row, t_value),
                                              grad.const_data_ptr<double>(), out, dweight.mutable_data_ptr<double>());
  }
  if (has_bias) single ? sum_gradient_rows<float>(grad, dbias) : sum_gradient_rows<double>(grad, dbias);
  return {dweight, dbias};
}

}  // namespace

Tensor sparse_linear(const Tensor& row_start, const Tensor& column, const Tensor& value, const Tensor& t_row_start,
                     const Tensor& t_row, const Tensor& t_value, const Tensor& weight, const Optional& bias) {
  using T = const Tensor&;
  static const auto op = find_operator<Tensor(T, T, T, T, T, T, T, const Optional&)>("graphsieve::sparse_linear");
  return op.call(row_start, column, value, t_row_start, t_row, t_value, weight, bias);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "sparse_linear(Tensor row_start, Tensor column, Tensor value, Tensor t_row_start, Tensor t_row, Tensor t_value, "
      "Tensor weight, Tensor? bias) -> Tensor");
  m.def(
      "sparse_linear_backward(Tensor grad, Tensor t_row_start, Tensor t_row, Tensor t_value, bool has_bias) -> "
      "(Tensor, "
      "Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("sparse_linear", graphsieve::ops::sparse_linear_cpu);
  m.impl("sparse_linear_backward", graphsieve::ops::sparse_linear_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("sparse_linear", graphsieve::ops::sparse_linear_meta);
  m.impl("sparse_linear_backward", graphsieve::ops::sparse_linear_backward_meta);
}
