// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

#include <cmath>
#include <limits>

#include "graphsieve/ops/dropout_add/dropout_add.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;

TEST(ReluDropout, SameBitsAsReferenceOnEveryTarget) {
  for_each_target([](const std::string&) {
    for (int64_t count : {0, 1, 3, 15, 16, 17, 1000, 70001}) {
      for (double p : {0.0, 0.3}) {
        const Tensor x = random_tensor({count}), g = random_tensor({count}, at::kFloat, 2);
        const Tensor y = at::empty({count}), dx = at::empty({count}), fast_dx = at::empty({count});
        kernels::relu_dropout_reference(x.const_data_ptr<float>(), count, p, 77, y.mutable_data_ptr<float>());
        expect_same_bits(ops::relu_dropout(x, p, 77), y);
        kernels::relu_dropout_backward_reference(g.const_data_ptr<float>(), y.const_data_ptr<float>(), count, p,
                                                 dx.mutable_data_ptr<float>());
        kernels::relu_dropout_backward(g.const_data_ptr<float>(), y.const_data_ptr<float>(), count, p,
                                       fast_dx.mutable_data_ptr<float>());
        expect_same_bits(fast_dx, dx);
      }
    }
  });
}

TEST(ReluDropout, IsReluThenDropout) {
  const Tensor x = random_tensor({100, 33});
  expect_close(ops::relu_dropout(x, 0, 1), at::relu(x), 0);
  expect_close(ops::relu_dropout(x, 0.4, 1), ops::dropout_add(at::relu(x), {}, 0.4, 1), 0);
}

TEST(ReluDropout, MaskIsKeyedAndHasTheShareOfP) {
  const Tensor x = at::ones({200000});
  const Tensor y = ops::relu_dropout(x, 0.3, 5);
  EXPECT_NEAR((y == 0).to(at::kDouble).mean().item<double>(), 0.3, 5 * std::sqrt(0.21 / 2e5));
  EXPECT_FALSE(at::equal(y, ops::relu_dropout(x, 0.3, 6)));
}

TEST(ReluDropout, Gradients) {
  for (double p : {0.0, 0.4}) {
    expect_gradients([p](const Tensors& t) { return ops::relu_dropout(t[0], p, 11); },
                     {random_tensor({5, 7}, at::kDouble)});
  }
}

TEST(ReluDropout, KeepsNotANumber) {
  const Tensor x = at::full({40}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(ops::relu_dropout(x, 0, 1).isnan().all().item<bool>());
}

TEST(ReluDropout, SameBitsAtAnyThreadCount) {
  const Tensor x0 = random_tensor({11758, 33}), g = random_tensor({11758, 33}, at::kFloat, 2);
  expect_same_at_any_thread_count([&] {
    const Tensor x = x0.detach().requires_grad_();
    const Tensor y = ops::relu_dropout(x, 0.2, 4);
    y.backward(g);
    return Tensors{y.detach(), x.grad()};
  });
}

TEST(ReluDropout, ShapeFunction) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  EXPECT_EQ(ops::relu_dropout(at::empty({7, 3}, meta), 0.5, 1).sizes(), (std::vector<int64_t>{7, 3}));
}

TEST(ReluDropout, RefusesWrongArguments) {
  expect_error([] { ops::relu_dropout(at::zeros({3}), -0.5, 1); }, {"relu_dropout", "[0, 1)", "-0.5"});
  expect_error([] { ops::relu_dropout(at::zeros({3}, at::kInt), 0.5, 1); }, {"relu_dropout", "float32"});
}

}  // namespace
}  // namespace graphsieve
