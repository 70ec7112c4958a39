// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/linear/linear.h"

#include "graphsieve/ops/common/sums.h"
#include "graphsieve/ops/linear/linear_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;

TEST(Linear, AgreesWithReference) {
  for (int64_t n : kOddRows) {
    for (int64_t in : {1, 3, 7, 16, 33, 100}) {
      for (int64_t out : {1, 4, 31, 64}) {
        const Tensor x = random_tensor({n, in}), w = random_tensor({out, in}, at::kFloat, 2), b = random_tensor({out});
        const Tensor expected = at::empty({n, out}), no_bias = at::empty({n, out});
        kernels::linear_reference(x.const_data_ptr<float>(), w.const_data_ptr<float>(), b.const_data_ptr<float>(), n,
                                  in, out, expected.mutable_data_ptr<float>());
        kernels::linear_reference<float>(x.const_data_ptr<float>(), w.const_data_ptr<float>(), nullptr, n, in, out,
                                         no_bias.mutable_data_ptr<float>());
        expect_close(ops::linear(x, w, b), expected, 1e-5);
        expect_close(ops::linear(x, w), no_bias, 1e-5);
      }
    }
  }
}

Tensors forward_backward(const Tensor& x0, const Tensor& w0, const Tensor& b0, const Tensor& grad, bool plain) {
  const Tensor x = x0.detach().requires_grad_(), w = w0.detach().requires_grad_(), b = b0.detach().requires_grad_();
  const Tensor y = plain ? at::linear(x, w, b) : ops::linear(x, w, b);
  y.backward(grad);
  return {y.detach(), x.grad(), w.grad(), b.grad()};
}

TEST(Linear, AgreesWithTorchForwardAndBackward) {
  for (auto type : {at::kFloat, at::kDouble}) {
    for (int64_t n : {0, 1, 5000}) {
      const Tensor x = random_tensor({n, 33}, type), w = random_tensor({9, 33}, type, 2),
                   b = random_tensor({9}, type, 3);
      const Tensor grad = random_tensor({n, 9}, type, 4);
      const Tensors ours = forward_backward(x, w, b, grad, false), plain = forward_backward(x, w, b, grad, true);
      for (size_t i = 0; i < ours.size(); ++i) expect_close(ours[i], plain[i], type == at::kFloat ? 1e-4 : 1e-12);
    }
  }
}

TEST(Linear, ARowHasTheSameBitsWhereverItStands) {
  for (auto type : {at::kFloat, at::kDouble})
    for (const auto& [in, out] : std::initializer_list<std::pair<int64_t, int64_t>>{{7, 3}, {64, 64}, {100, 192}}) {
      const Tensor x = random_tensor({3001, in}, type), w = random_tensor({out, in}, type, 2),
                   b = random_tensor({out}, type, 3);
      const Tensor whole = ops::linear(x, w, b);
      const Tensor order = at::randperm(3001);
      EXPECT_TRUE(at::equal(ops::linear(x.index_select(0, order), w, b), whole.index_select(0, order)));
      for (int64_t n : {1, 5, 15, 16, 17, 100, 143, 191, 192, 193, 1023, 1025, 2999})
        EXPECT_TRUE(at::equal(ops::linear(x.narrow(0, 1, n).contiguous(), w, b), whole.narrow(0, 1, n))) << n;
    }
}

TEST(Linear, HalfPrecisionRowsAreWidened) {
  for (const auto type : {at::kHalf, at::kBFloat16}) {
    const Tensor x = random_tensor({5000, 33}).to(type), b = random_tensor({9}, at::kFloat, 3);
    const Tensor w = random_tensor({9, 33}, at::kFloat, 2), grad = random_tensor({5000, 9}, at::kFloat, 4);
    const Tensors wide = forward_backward(x.to(at::kFloat), w, b, grad, false),
                  half = forward_backward(x, w, b, grad, false);
    EXPECT_TRUE(at::equal(wide[0], half[0]));
    EXPECT_TRUE(at::equal(wide[1].to(type), half[1]));
    EXPECT_TRUE(at::equal(wide[2], half[2]) && at::equal(wide[3], half[3]));
    EXPECT_THROW(ops::linear(x, w.to(at::kDouble)), c10::Error);
  }
}

TEST(Linear, BackwardAgreesWithReference) {
  const int64_t n = 2500, in = 6, out = 5;
  const Tensor x = random_tensor({n, in}), w = random_tensor({out, in}), b = random_tensor({out}),
               g = random_tensor({n, out});
  const Tensor dx = at::empty_like(x), dw = at::empty_like(w), db = at::empty_like(b);
  kernels::linear_backward_reference(g.const_data_ptr<float>(), x.const_data_ptr<float>(), w.const_data_ptr<float>(), n,
                                     in, out, dx.mutable_data_ptr<float>(), dw.mutable_data_ptr<float>(),
                                     db.mutable_data_ptr<float>());
  const Tensors ours = forward_backward(x, w, b, g, false);
  expect_close(ours[1], dx, 1e-5);
  expect_close(ours[2], dw, 1e-5);
  expect_close(ours[3], db, 1e-5);
}

TEST(Linear, Gradients) {
  expect_gradients(
      [](const Tensors& in) { return ops::linear(in[0], in[1], in[2]); },
      {random_tensor({5, 3}, at::kDouble), random_tensor({4, 3}, at::kDouble, 2), random_tensor({4}, at::kDouble, 3)});
}

TEST(Linear, OnlyWantedGradients) {
  const Tensor x = random_tensor({6, 3}), w = random_tensor({4, 3}).requires_grad_();
  ops::linear(x, w).sum().backward();
  EXPECT_FALSE(x.grad().defined());
  expect_close(w.grad(), x.sum(0).expand({4, 3}), 1e-5);
}

TEST(Linear, TakesRowStridedAndTransposedInput) {
  const Tensor wide = random_tensor({3000, 40}), w = random_tensor({8, 16});
  expect_close(ops::linear(wide.narrow(1, 4, 16), w), at::linear(wide.narrow(1, 4, 16).contiguous(), w), 1e-5);
  const Tensor x = random_tensor({16, 3000}).t();
  expect_close(ops::linear(x, w), at::linear(x.contiguous(), w), 1e-5);
}

TEST(Linear, SameBitsAtAnyThreadCount) {
  for (int64_t in : {5, 64, 2000}) {  // 2000 x 300: fewer parts than blocks
    const int64_t out = in == 2000 ? 300 : 48, n = 11758;
    const Tensor x = random_tensor({n, in}), w = random_tensor({out, in}, at::kFloat, 2), b = random_tensor({out});
    const Tensor g = random_tensor({n, out}, at::kFloat, 3);
    expect_same_at_any_thread_count([&] { return forward_backward(x, w, b, g, false); });
  }
}

TEST(Linear, ShapeFunction) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  const Tensor y = ops::linear(at::empty({7, 3}, meta), at::empty({5, 3}, meta), at::empty({5}, meta));
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{7, 5}));
  EXPECT_TRUE(y.is_meta());
}

TEST(Linear, RefusesWrongArguments) {
  expect_error([] { ops::linear(at::zeros({3, 4}), at::zeros({2, 5})); }, {"linear", "[3, 4]", "[2, 5]"});
  expect_error([] { ops::linear(at::zeros({3, 4}), at::zeros({2, 4}), at::zeros({3})); },
               {"linear", "bias", "[2]", "[3]"});
  expect_error([] { ops::linear(at::zeros({3, 4}, at::kInt), at::zeros({2, 4}, at::kInt)); }, {"linear", "float32"});
  expect_error([] { ops::linear(at::zeros({3, 4}), at::zeros({2, 4}, at::kDouble)); }, {"linear", "weight"});
}

TEST(ColumnSums, EveryTargetAndWidth) {
  for_each_target([](const std::string&) {
    for (int64_t n : kOddRows) {
      for (int64_t d : kOddColumns) {
        const Tensor x = random_tensor({n, d}), sums = at::empty({d});
        kernels::column_sums(x.const_data_ptr<float>(), n, d, sums.mutable_data_ptr<float>());
        expect_close(sums, x.to(at::kDouble).sum(0), 1e-4, "n " + std::to_string(n) + " d " + std::to_string(d));
        const Tensor y = x.to(at::kDouble), exact = at::empty({d}, at::kDouble);
        kernels::column_sums(y.const_data_ptr<double>(), n, d, exact.mutable_data_ptr<double>());
        expect_close(exact, y.sum(0), 1e-13);
      }
    }
  });
}

}  // namespace
}  // namespace graphsieve
