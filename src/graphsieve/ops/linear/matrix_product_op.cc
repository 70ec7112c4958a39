// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/linear/matrix_product.h"

#include <ATen/ATen.h>
#include <ATen/native/CPUBlas.h>
#include <fbgemm/Utils.h>

#include <algorithm>

namespace graphsieve::ops {
namespace {

using at::Tensor;

constexpr int64_t kPieces[] = {128, 16};  ///< rows of a piece
constexpr int64_t kInnerPieces[] = {kProductRows, 128,
                                    16};  ///< rows of a piece of an inner product, which sums over rows
/// Rows of every product of BLAS. BLAS computes the last rows of a product by other kernels, whose sums have other last
/// bits, and chooses kernels by the number of rows. All of its kernels divide this number of rows.
constexpr int64_t kBlasPieces[] = {192};
static_assert(kProductRows % kPieces[0] == 0 && kProductRows % kBlasPieces[0] == 0);

/// Computes c [m, n] = a [m, k] b [k, n], or adds it to c if `add` is true. Rows are lda, ldb and ldc floats apart.
void jit_product(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                 int64_t ldc, bool add) {
#ifdef CPUBLAS_BRGEMM_F32F32F32
  at::native::cpublas::brgemm(m, n, k, lda, ldb, ldc, add, a, b, c, false);
#else
  TORCH_CHECK(false);
#endif
}

/// True if this CPU and this build of torch have compiled kernels, which is found by a product of 1 x 1 matrices.
bool jit_available() {
  static const bool available = [] {
    const float one = 1;
    float result = 0;
    try {
      jit_product(1, 1, 1, &one, 1, &one, 1, &result, 1, false);
    } catch (const c10::Error&) {  // the CPU has no such kernels
      return false;
    }
    return result == 1;
  }();
  return available;
}

/// True if the compiled kernels can read the matrix.
bool jit_fits(const Tensor& x) { return x.scalar_type() == at::kFloat && x.stride(1) == 1 && jit_available(); }

/// Calls piece(begin, rows) for as many rows as whole pieces cover. Returns the first row that is left.
template <size_t Sizes, class Piece>
int64_t cut(int64_t rows, const int64_t (&sizes)[Sizes], const Piece& piece) {
  int64_t at = 0;
  for (const int64_t size : sizes)
    for (; at + size <= rows; at += size) piece(at, size);
  return at;
}

void blas_product(const Tensor& x, const Tensor& w, const Tensor* bias, Tensor y) {
  if (bias)
    at::addmm_out(y, *bias, x, w);
  else
    at::mm_out(y, x, w);
}

/// Computes y = x w + bias by compiled kernels for the rows that whole pieces cover. Returns the first row that is
/// left.
int64_t jit_rows(const Tensor& x, const Tensor& w, const Tensor* bias, const Tensor& y) {
  const int64_t in = x.size(1), out = w.size(1);
  const float *from = x.const_data_ptr<float>(), *weight = w.const_data_ptr<float>();
  const float* first = bias ? bias->const_data_ptr<float>() : nullptr;
  float* to = y.mutable_data_ptr<float>();
  return cut(x.size(0), kPieces, [&](int64_t begin, int64_t rows) {
    if (first)
      for (int64_t r = begin; r < begin + rows; ++r) std::copy_n(first, out, to + r * out);
    jit_product(rows, out, in, from + begin * x.stride(0), x.stride(0), weight, out, to + begin * out, out,
                first != nullptr);
  });
}

/// Computes y = x w + bias by BLAS for the rows that whole pieces cover. Returns the first row that is left.
int64_t blas_rows(const Tensor& x, const Tensor& w, const Tensor* bias, const Tensor& y) {
  return cut(x.size(0), kBlasPieces, [&](int64_t begin, int64_t rows) {
    blas_product(x.narrow(0, begin, rows), w, bias, y.narrow(0, begin, rows));
  });
}

}  // namespace

void rows_product(const Tensor& x, const Tensor& w, const Tensor* bias, const Tensor& y) {
  const int64_t n = x.size(0), in = x.size(1), out = w.size(1);
  if (in == 0) return blas_product(x, w, bias, y);
  const bool jit = jit_fits(x);
  const auto rows = jit ? jit_rows : blas_rows;
  const int64_t done = rows(x, w, bias, y), left = n - done;
  if (left == 0) return;
  // The remaining rows are filled up with zeros to a whole piece, so that a row's bits do not depend on its place.
  const int64_t piece = jit ? kPieces[1] : kBlasPieces[0];
  const Tensor filled = at::zeros({piece, in}, x.options()), result = at::empty({piece, out}, y.options());
  filled.narrow(0, 0, left).copy_(x.narrow(0, done, left));
  rows(filled, w, bias, result);
  y.narrow(0, done, left).copy_(result.narrow(0, 0, left));
}

namespace {

/// Computes to = gᵀ x (or adds it) if g is not wider than x. For each piece of rows, g is transposed into a small
/// buffer, because the kernels cannot read a transposed operand.
void inner_of_narrow(const Tensor& g, const Tensor& x, bool add, const Tensor& to) {
  const int64_t n = g.size(0), out = g.size(1), in = x.size(1);
  int64_t done = 0;
  if (n >= kInnerPieces[2] && out > 0 && in > 0 && jit_fits(g) && jit_fits(x)) {
    const Tensor turned = at::empty({out, kInnerPieces[0]}, g.options());
    float *left = turned.mutable_data_ptr<float>(), *result = to.mutable_data_ptr<float>();
    const float *from = g.const_data_ptr<float>(), *right = x.const_data_ptr<float>();
    done = cut(n, kInnerPieces, [&](int64_t begin, int64_t rows) {
      fbgemm::transpose_simd<float>(rows, out, from + begin * g.stride(0), g.stride(0), left, rows);
      jit_product(out, in, rows, left, rows, right + begin * x.stride(0), x.stride(0), result, in, add || begin > 0);
    });
  }
  if (done == n) return;
  Tensor rest = to;
  const Tensor left = g.narrow(0, done, n - done).t(), right = x.narrow(0, done, n - done);
  if (add || done > 0)
    rest.addmm_(left, right);
  else
    at::mm_out(rest, left, right);
}

}  // namespace

void inner_product(const Tensor& g, const Tensor& x, bool add, const Tensor& to) {
  if (g.size(1) <= x.size(1)) return inner_of_narrow(g, x, add, to);
  // Only the narrower operand is transposed, so the result is transposed here.
  const Tensor turned = at::empty({x.size(1), g.size(1)}, to.options());
  inner_of_narrow(x, g, false, turned);
  if (add)
    Tensor(to).add_(turned.t());
  else
    to.copy_(turned.t());
}

}  // namespace graphsieve::ops
