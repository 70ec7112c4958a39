// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/dropout_add/dropout_add.h"

#include <cmath>

#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/dropout_add/dropout_add_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using Optional = std::optional<Tensor>;

TEST(DropoutAdd, SameBitsAsReferenceOnEveryTarget) {
  for_each_target([](const std::string&) {
    for (int64_t count : {0, 1, 3, 15, 16, 17, 1000, 70001}) {
      for (double p : {0.0, 0.3}) {
        for (bool with_residual : {false, true}) {
          const Tensor x = random_tensor({count}), r = random_tensor({count}, at::kFloat, 2);
          const Tensor expected = at::empty({count});
          kernels::dropout_add_reference(x.const_data_ptr<float>(), with_residual ? r.const_data_ptr<float>() : nullptr,
                                         count, p, 77, expected.mutable_data_ptr<float>());
          expect_same_bits(ops::dropout_add(x, with_residual ? Optional(r) : std::nullopt, p, 77), expected);
        }
      }
    }
  });
}

TEST(DropoutAdd, MaskIsKeyedAndHasTheShareOfP) {
  const Tensor x = at::ones({200, 1000});
  for (double p : {0.1, 0.5, 0.9}) {
    const Tensor y = ops::dropout_add(x, {}, p, 5), other = ops::dropout_add(x, {}, p, 6);
    const double share = (y == 0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, p, 5 * std::sqrt(p * (1 - p) / 2e5));
    const double both = at::logical_and(y == 0, other == 0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(both, p * p, 5 * std::sqrt(p * p * (1 - p * p) / 2e5));  // independent masks
    expect_close(y.max(), at::full({}, 1 / (1 - p)), 1e-6);
    expect_same_bits(y, ops::dropout_add(x, {}, p, 5));
  }
}

TEST(DropoutAdd, FloatAndDoubleShareTheMask) {
  const Tensor x = at::ones({1000});
  EXPECT_TRUE(at::equal(ops::dropout_add(x, {}, 0.5, 9) == 0, ops::dropout_add(x.to(at::kDouble), {}, 0.5, 9) == 0));
}

TEST(DropoutAdd, ElementsBeyond32BitsHaveAKeyOfTheirOwn) {
  int same = 0;
  const uint32_t half = kernels::dropout_threshold(0.5);
  for (uint64_t e = 0; e < 1000; ++e) {
    same += kernels::dropout_keeps(3, half, e) == kernels::dropout_keeps(3, half, e + (uint64_t{1} << 32));
  }
  EXPECT_NEAR(same, 500, 80);
  EXPECT_EQ(kernels::dropout_threshold(0), 0u);
}

TEST(DropoutAdd, Gradients) {
  for (double p : {0.0, 0.4}) {
    expect_gradients([p](const Tensors& t) { return ops::dropout_add(t[0], t[1], p, 11); },
                     {random_tensor({5, 3}, at::kDouble), random_tensor({5, 3}, at::kDouble, 2)});
    expect_gradients([p](const Tensors& t) { return ops::dropout_add(t[0], {}, p, 11); },
                     {random_tensor({5, 3}, at::kDouble)});
  }
}

TEST(DropoutAdd, SameBitsAtAnyThreadCount) {
  const Tensor x0 = random_tensor({11758, 33}), r = random_tensor({11758, 33}, at::kFloat, 2);
  expect_same_at_any_thread_count([&] {
    const Tensor x = x0.detach().requires_grad_();
    const Tensor y = ops::dropout_add(x, r, 0.2, 4);
    y.backward(r);
    return Tensors{y.detach(), x.grad()};
  });
}

TEST(DropoutAdd, TakesAnyStrides) {
  const Tensor x = random_tensor({40, 30}).t(), r = random_tensor({30, 40});
  expect_same_bits(ops::dropout_add(x, r, 0.3, 1), ops::dropout_add(x.contiguous(), r, 0.3, 1));
}

TEST(DropoutAdd, ShapeFunction) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  EXPECT_EQ(ops::dropout_add(at::empty({7, 3}, meta), {}, 0.5, 1).sizes(), (std::vector<int64_t>{7, 3}));
}

TEST(DropoutAdd, RefusesWrongArguments) {
  const Tensor x = at::zeros({5, 3});
  expect_error([&] { ops::dropout_add(x, {}, 1.0, 1); }, {"dropout_add", "[0, 1)", "1"});
  expect_error([&] { ops::dropout_add(x, at::zeros({5, 4}), 0.5, 1); },
               {"dropout_add", "residual", "[5, 3]", "[5, 4]"});
  expect_error([&] { ops::dropout_add(x.to(at::kInt), {}, 0.5, 1); }, {"dropout_add", "float32"});
}

}  // namespace
}  // namespace graphsieve
