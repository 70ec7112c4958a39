// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/linear/linear.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/library.h>

#include <algorithm>
#include <array>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/sums.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/common/torch_threads.h"
#include "graphsieve/ops/linear/linear_checks.h"
#include "graphsieve/ops/linear/matrix_product.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using LinearGrads = std::tuple<Tensor, Tensor, Tensor>;
using LinearMask = std::array<bool, 3>;

/// Returns the number of rows of one product, a multiple of the pieces that products are made of (matrix_product.h).
/// Small products have more rows, so that the cost of a call matters less. Measured, see README.md.
int64_t block_rows(const Tensor& weight) { return weight.numel() < 2048 ? 3 * kProductRows : kProductRows; }

// The gradient of the weight is summed in parts, each of consecutive blocks of rows. There are as many parts as blocks,
// but at most kMaxParts, and at most so many that they have kPartElements numbers in all (but never fewer than
// kMinParts).
constexpr int64_t kMinParts = 8, kMaxParts = 64, kPartElements = 1 << 22;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Returns rows of x in the type of the product. Half-precision x is converted one block at a time, never as a whole.
Tensor rows_of(const Tensor& x, int64_t begin, int64_t rows, const Tensor& weight) {
  return x.narrow(0, begin, rows).to(weight.scalar_type());
}

Tensor linear_meta(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  check_linear(x, weight, bias);
  return at::empty_symint({x.sym_size(0), weight.sym_size(0)}, weight.options());
}

/// One block of rows is one item of work. The weight is transposed once, because the products need its rows to be
/// contiguous.
Tensor linear_cpu(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  check_linear(x, weight, bias);
  Tensor y = at::empty({x.size(0), weight.size(0)}, weight.options());
  const Tensor weight_t = weight.t().contiguous();
  const OneTorchThread one_thread;
  parallel_blocks(x.size(0), block_rows(weight), [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    rows_product(rows_of(x, begin, end - begin, weight), weight_t, bias ? &*bias : nullptr,
                 y.narrow(0, begin, end - begin));
  });
  return y;
}

/// The division of n rows for the gradient of the weight: rows per part, and number of parts.
struct Parts {
  Parts(int64_t n, const Tensor& weight) {
    const int64_t block = block_rows(weight), blocks = std::max<int64_t>(1, ceil_div(n, block));
    const int64_t wanted = std::clamp(kPartElements / std::max<int64_t>(1, weight.numel()), kMinParts, kMaxParts);
    rows = ceil_div(blocks, std::min(blocks, wanted)) * block;
    count = ceil_div(n, rows);
  }

  /// Allocates memory for the parts, if there is more than one.
  Tensor allocate(const Tensor& weight) const {
    return count > 1 ? at::empty({count, weight.size(0), weight.size(1)}, weight.options()) : Tensor();
  }

  int64_t rows, count;
};

LinearGrads linear_backward_meta(const Tensor& grad, const Tensor& x, const Tensor& weight, LinearMask mask) {
  check_linear_backward(grad, x, weight);
  const auto allocate = [&](bool wanted, c10::SymIntArrayRef shape) {
    return wanted ? at::empty_symint(shape, weight.options()) : at::empty({0}, weight.options());
  };
  Tensor parts;  // allocated only for callers that count the memory of a pass
  if (mask[1] && !x.sym_size(0).is_symbolic() && !weight.sym_numel().is_symbolic())
    parts = Parts(x.size(0), weight).allocate(weight);
  return {allocate(mask[0], x.sym_sizes()), allocate(mask[1], weight.sym_sizes()),
          allocate(mask[2], {weight.sym_size(0)})};
}

/// Computes the rows [begin, end) of dx, and adds the gradient of the weight over these rows to `part`. The first block
/// of rows overwrites `part`.
void backward_rows(const Tensor& grad, const Tensor& x, const Tensor& weight, int64_t begin, int64_t end, Tensor* dx,
                   Tensor* part) {
  const int64_t block = block_rows(weight);
  for (int64_t row = begin; row < end; row += block) {
    const int64_t rows = std::min(block, end - row);
    const Tensor grad_rows = grad.narrow(0, row, rows);
    if (dx) rows_product(grad_rows, weight, nullptr, dx->narrow(0, row, rows));
    if (part) inner_product(grad_rows, rows_of(x, row, rows, weight), row > begin, *part);
  }
}

template <class T>
void sum_parts(const Tensor& parts, Tensor& out) {
  kernels::add_parts(parts.const_data_ptr<T>(), parts.size(0), out.numel(), out.mutable_data_ptr<T>());
}

template <class T>
void sum_rows(const Tensor& grad, Tensor& out) {
  kernels::column_sums(grad.const_data_ptr<T>(), grad.size(0), grad.size(1), out.mutable_data_ptr<T>());
}

LinearGrads linear_backward_cpu(const Tensor& grad_any, const Tensor& x, const Tensor& weight, LinearMask mask) {
  check_linear_backward(grad_any, x, weight);
  const Tensor grad = grad_any.contiguous();
  const int64_t n = x.size(0);
  const auto allocate = [&](bool wanted, at::IntArrayRef shape) {
    return at::empty(wanted ? shape : at::IntArrayRef{0}, weight.options());
  };
  Tensor dx = allocate(mask[0], x.sizes()), dweight = allocate(mask[1], weight.sizes());
  Tensor dbias = allocate(mask[2], {weight.size(0)});
  if (n == 0) {
    dweight.zero_();
    dbias.zero_();
    return {dx, dweight, dbias};
  }

  const OneTorchThread one_thread;
  // Each part is one item of work. With one part, the result is written directly; otherwise the parts are added in
  // order.
  const Parts cut(n, weight);
  Tensor parts;
  if (mask[1]) parts = cut.count == 1 ? dweight.unsqueeze(0) : cut.allocate(weight);
  if (mask[0] || mask[1]) {
    const Tensor rows_of_weight = weight.contiguous();
    parallel_blocks(n, cut.rows, [&](int64_t begin, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView guard;
      Tensor part = mask[1] ? parts.select(0, begin / cut.rows) : Tensor();
      backward_rows(grad, x, rows_of_weight, begin, end, mask[0] ? &dx : nullptr, mask[1] ? &part : nullptr);
    });
  }
  const bool single = weight.scalar_type() == at::kFloat;
  if (mask[1] && cut.count > 1) single ? sum_parts<float>(parts, dweight) : sum_parts<double>(parts, dweight);
  if (mask[2]) single ? sum_rows<float>(grad, dbias) : sum_rows<double>(grad, dbias);
  return {dx, dweight, dbias};
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  static const auto op =
      find_operator<Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&)>("graphsieve::linear");
  return op.call(x, weight, bias);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def("linear(Tensor x, Tensor weight, Tensor? bias) -> Tensor");
  m.def("linear_backward(Tensor grad, Tensor x, Tensor weight, bool[3] mask) -> (Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("linear", graphsieve::ops::linear_cpu);
  m.impl("linear_backward", graphsieve::ops::linear_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("linear", graphsieve::ops::linear_meta);
  m.impl("linear_backward", graphsieve::ops::linear_backward_meta);
}
