// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/sparse_linear/sparse_linear.h"

#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using Optional = std::optional<Tensor>;

struct Csr {
  Tensor row_start, index, value;
};

Csr csr_of(const Tensor& dense) {
  const Tensor where = dense.nonzero();  // row-major
  const Tensor counts = (dense != 0).sum(1);
  return {at::cat({at::zeros({1}, at::kLong), counts.cumsum(0)}), where.select(1, 1).to(at::kInt),
          dense.masked_select(dense != 0)};
}

/// A sparse matrix, with an empty row and an empty column where there is room, and a full column 0.
struct Sparse {
  Sparse(int64_t n, int64_t in, at::ScalarType type, double density = 0.2)
      : dense(random_tensor({n, in}, type) * (random_tensor({n, in}, at::kDouble, 7).abs() < 1.25 * density)) {
    if (in > 1) dense.select(1, in - 1).zero_();
    if (in > 2) dense.select(1, 0).fill_(0.5);
    if (n > 2) dense[n / 2].zero_();
    x = csr_of(dense);
    t = csr_of(dense.t().contiguous());
  }
  Tensor linear(const Tensor& weight, const Optional& bias) const {
    return ops::sparse_linear(x.row_start, x.index, x.value, t.row_start, t.index, t.value, weight, bias);
  }
  Tensor dense;
  Csr x, t;
};

Tensors forward_backward(const Sparse& s, const Tensor& w0, const Tensor& b0, const Tensor& grad) {
  const Tensor w = w0.detach().requires_grad_(), b = b0.detach().requires_grad_();
  const Tensor y = s.linear(w, b);
  y.backward(grad);
  return {y.detach(), w.grad(), b.grad()};
}

void expect_dense_answer(int64_t n, int64_t in, int64_t out, at::ScalarType type, double tolerance) {
  const Sparse s(n, in, type);
  const Tensor w = random_tensor({out, in}, type, 2), b = random_tensor({out}, type, 3);
  const Tensor g = random_tensor({n, out}, type, 4);
  const Tensors ours = forward_backward(s, w, b, g);
  const std::string what = str("n ", n, " in ", in, " out ", out);
  const Tensor x = s.dense.to(at::kDouble), exact = g.to(at::kDouble);
  expect_close(ours[0], at::linear(x, w.to(at::kDouble), b.to(at::kDouble)), tolerance, what);
  expect_close(ours[1], exact.t().mm(x), tolerance, what);
  expect_close(ours[2], exact.sum(0), tolerance, what);
  expect_close(s.linear(w, {}), at::linear(x, w.to(at::kDouble)), tolerance, what);
}

TEST(SparseLinear, AgreesWithDenseOnEveryTarget) {
  for_each_target([](const std::string&) {
    for (int64_t n : {0, 1, 2, 17, 301}) {
      for (int64_t out : kOddColumns) expect_dense_answer(n, 23, out, at::kFloat, 1e-4);
    }
    for (int64_t in : {1, 3, 64, 200}) expect_dense_answer(50, in, 33, at::kFloat, 1e-4);
  });
}

TEST(SparseLinear, AgreesWithDenseInDouble) { expect_dense_answer(60, 23, 7, at::kDouble, 1e-12); }

TEST(SparseLinear, VectorCodeAgreesWithReference) {
  const Sparse s(500, 90, at::kFloat);
  const Tensor w = random_tensor({56, 90}), b = random_tensor({56}), g = random_tensor({500, 56});
  const Tensor y = at::empty({500, 56}), dw = at::empty({56, 90});
  const auto rows = [](const Csr& c) {
    return kernels::SparseRows<float>{c.row_start.numel() - 1, c.row_start.const_data_ptr<int64_t>(),
                                      c.index.const_data_ptr<int32_t>(), c.value.const_data_ptr<float>()};
  };
  kernels::sparse_linear_reference(rows(s.x), w.const_data_ptr<float>(), b.const_data_ptr<float>(), 90, 56,
                                   y.mutable_data_ptr<float>());
  kernels::sparse_linear_backward_reference(rows(s.t), g.const_data_ptr<float>(), 56, dw.mutable_data_ptr<float>());
  const Tensors ours = forward_backward(s, w, b, g);
  expect_close(ours[0], y, 1e-5);
  expect_close(ours[1], dw, 1e-5);
}

TEST(SparseLinear, Gradients) {
  const Sparse s(6, 5, at::kDouble, 0.5);
  expect_gradients([&](const Tensors& t) { return s.linear(t[0], t[1]); },
                   {random_tensor({3, 5}, at::kDouble), random_tensor({3}, at::kDouble, 2)});
}

TEST(SparseLinear, SameBitsAtAnyThreadCount) {
  const Sparse s(3000, 200, at::kFloat);  // about 120,000 entries: several items
  for (int64_t out : {4, 56, 64}) {
    const Tensor w = random_tensor({out, 200}), b = random_tensor({out}), g = random_tensor({3000, out});
    expect_same_at_any_thread_count([&] { return forward_backward(s, w, b, g); });
  }
}

TEST(SparseLinear, ShapeFunction) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  const Tensor start = at::empty({8}, meta.dtype(at::kLong)), t_start = at::empty({4}, meta.dtype(at::kLong));
  const Tensor index = at::empty({9}, meta.dtype(at::kInt)), value = at::empty({9}, meta);
  const Tensor y = ops::sparse_linear(start, index, value, t_start, index, value, at::empty({5, 3}, meta));
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{7, 5}));
}

TEST(SparseLinear, RefusesWrongArguments) {
  const Sparse s(6, 5, at::kFloat);
  expect_error([&] { s.linear(at::zeros({3, 4}), {}); }, {"sparse_linear", "weight", "[3, 4]"});
  expect_error([&] { s.linear(at::zeros({3, 5}), at::zeros({4})); }, {"sparse_linear", "bias", "[3]", "[4]"});
  expect_error([&] { s.linear(at::zeros({3, 5}, at::kDouble), {}); }, {"sparse_linear", "one type"});
  const auto& [start, index, value] = s.x;
  expect_error(
      [&] { ops::sparse_linear(start + 1, index, value, s.t.row_start, s.t.index, s.t.value, at::zeros({3, 5})); },
      {"sparse_linear", "row_start", "nnz"});
  expect_error(
      [&] {
        ops::sparse_linear(start, index.to(at::kLong), value, s.t.row_start, s.t.index, s.t.value, at::zeros({3, 5}));
      },
      {"sparse_linear", "int32"});
}

}  // namespace
}  // namespace graphsieve
