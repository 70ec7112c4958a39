// SPDX-License-Identifier: Apache-2.0
// Single-threaded products of tall, narrow matrices. float32 uses the kernels that oneDNN compiles for the CPU (brgemm,
// called through ATen), if there are any. They are two to three times as fast as a call of BLAS at these shapes.
// Everything else uses at::mm. A kernel is compiled for each shape, so rows are cut into pieces of a few sizes, and the
// remaining rows of a rows_product() are filled up to a piece.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// A number of rows that is a multiple of every piece: products of multiples of it need no filled-up piece.
constexpr int64_t kProductRows = 384;

/// Computes y = x w + bias for x [n, in] and contiguous w [in, out], bias [out] (or null) and y [n, out]. A row of y
/// depends on the row of x alone, to the last bit: not on its place, nor on the number of rows.
void rows_product(const at::Tensor& x, const at::Tensor& w, const at::Tensor* bias, const at::Tensor& y);

/// Computes to = gᵀ x, or adds it to `to` if `add` is true, for g [n, out], x [n, in] and contiguous `to` [out, in].
void inner_product(const at::Tensor& g, const at::Tensor& x, bool add, const at::Tensor& to);

}  // namespace graphsieve::ops
