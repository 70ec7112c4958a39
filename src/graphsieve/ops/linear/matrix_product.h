// Single-threaded products of tall, narrow matrices. float32 goes through the CPU's JIT-compiled kernels (oneDNN's
// brgemm, by way of ATen) where there are any, which is two to three times the speed of a BLAS call at these shapes;
// everything else through at::mm. Kernels are compiled for each shape, so rows are cut into pieces of two sizes, the
// rest by at::mm.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// y = x w + bias, with x [n, in], w [in, out] contiguous, bias [out] or null, y [n, out] contiguous.
void rows_product(const at::Tensor& x, const at::Tensor& w, const at::Tensor* bias, const at::Tensor& y);

/// to (+)= gᵀ x, with g [n, out], x [n, in], `to` [out, in] contiguous.
void inner_product(const at::Tensor& g, const at::Tensor& x, bool add, const at::Tensor& to);

}  // namespace graphsieve::ops
