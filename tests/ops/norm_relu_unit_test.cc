// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit.h"

#include <limits>

#include "graphsieve/ops/node_norm/node_norm.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"
#include "graphsieve/ops/unit_rows/unit_rows.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using Optional = std::optional<Tensor>;

constexpr double kNormEps = 1e-5, kLeast = 1e-6;

/// Results of the three operators that the joined one stands for.
std::tuple<Tensor, Tensor, Tensor> three_steps(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                               const Optional& mean, const Optional& var, double least) {
  auto [z, used_mean, used_var] = ops::node_norm(x, {}, weight, bias, mean, var, kNormEps);
  return {ops::unit_rows(ops::relu_dropout(z, 0, 0), least), used_mean, used_var};
}

/// y, the statistics, and the gradients of x, the weight and the bias.
Tensors unit_results(const Tensor& x_given, const Tensor& weight_given, const Tensor& bias_given, bool given,
                     bool joined, double least = kLeast) {
  const auto leaf = [](const Tensor& t) { return t.detach().requires_grad_(); };
  const Tensor x = leaf(x_given), weight = leaf(weight_given), bias = leaf(bias_given);
  Optional mean, var;
  if (given) mean = bias_given * 0.3, var = weight_given.abs() + 0.5;
  const auto [y, used_mean, used_var] = joined ? ops::norm_relu_unit(x, weight, bias, mean, var, kNormEps, least)
                                               : three_steps(x, weight, bias, mean, var, least);
  y.backward(random_tensor(y.sizes(), x.scalar_type(), 7));
  return {y.detach(), used_mean, used_var, x.grad(), weight.grad(), bias.grad()};
}

TEST(NormReluUnit, MatchesTheThreeOperators) {
  for (const bool given : {false, true})
    for (const int64_t n : kOddRows)
      for (const int64_t width : kOddColumns) {
        // Without given statistics, one or two rows have z = 0 or ±bias: rounding decides what the ReLU takes.
        if (!given && n < 3) continue;
        const Tensor x = random_tensor({n, width}), weight = random_tensor({width}, at::kFloat, 2),
                     bias = random_tensor({width}, at::kFloat, 3).abs();
        const auto wide = [](const Tensor& t) { return t.to(at::kDouble); };
        const Tensors ours = unit_results(x, weight, bias, given, true);
        const Tensors exact = unit_results(wide(x), wide(weight), wide(bias), given, false);
        const Tensors reference = unit_results(wide(x), wide(weight), wide(bias), given, true);
        for (size_t i = 0; i < exact.size(); ++i) {
          expect_close(ours[i], exact[i], 1e-3, str(n, " x ", width, " result ", i));
          expect_close(reference[i], exact[i], 1e-9, str(n, " x ", width, " result ", i, " in float64"));
        }
      }
}

/// Rows that the ReLU empties, and rows shorter than `least`, have no direction to divide by.
TEST(NormReluUnit, ShortRows) {
  const Tensor x = random_tensor({50, 8}, at::kDouble), weight = at::full({8}, 0.01, at::kDouble);
  const Tensor bias = at::full({8}, -0.005, at::kDouble);
  const Tensors ours = unit_results(x, weight, bias, false, true, 0.02);
  const Tensors exact = unit_results(x, weight, bias, false, false, 0.02);
  EXPECT_GT((ours[0].norm(2, {1}) < 0.99).sum().item<int64_t>(), 5);
  for (size_t i = 0; i < exact.size(); ++i) expect_close(ours[i], exact[i], 1e-9, str("result ", i));
}

TEST(NormReluUnit, Gradients) {
  const Tensor x = random_tensor({6, 5}, at::kDouble), weight = random_tensor({5}, at::kDouble, 2),
               bias = random_tensor({5}, at::kDouble, 3);
  expect_gradients(
      [](const Tensors& in) { return std::get<0>(ops::norm_relu_unit(in[0], in[1], in[2], {}, {}, kNormEps, kLeast)); },
      {x, weight, bias});
}

TEST(NormReluUnit, NotANumberStaysInItsRow) {
  Tensor x = random_tensor({3, 4});
  x[1][2] = std::numeric_limits<float>::quiet_NaN();
  const Tensor one = at::ones({4}), none = at::zeros({4});
  const Tensor y = std::get<0>(ops::norm_relu_unit(x, one, none, none, one, kNormEps, kLeast));
  EXPECT_TRUE(y[1][2].isnan().item<bool>());
  EXPECT_FALSE(y[0].isnan().any().item<bool>());
}

TEST(NormReluUnit, SameBitsAtAnyThreadCount) {
  const Tensor x = random_tensor({40000, 33}), weight = random_tensor({33}, at::kFloat, 2), bias = weight + 1;
  expect_same_at_any_thread_count([&] { return unit_results(x, weight, bias, false, true); });
}

TEST(NormReluUnit, RefusesWhatDoesNotFit) {
  const Tensor x = random_tensor({3, 4}), w = at::ones({4});
  const auto call = [](const Tensor& of, const Tensor& weight, const Tensor& bias, const Optional& mean,
                       const Optional& var, double least) {
    return [=] { ops::norm_relu_unit(of, weight, bias, mean, var, kNormEps, least); };
  };
  expect_error(call(x.to(at::kHalf), w, w, {}, {}, kLeast), {"x must be float32 or float64"});
  expect_error(call(x[0], w, w, {}, {}, kLeast), {"x must be [n, D]"});
  expect_error(call(x, at::ones({3}), w, {}, {}, kLeast), {"weight must be [D]"});
  expect_error(call(x, w, w.to(at::kDouble), {}, {}, kLeast), {"bias must be"});
  expect_error(call(x, w, w, w, {}, kLeast), {"give both mean and var"});
  expect_error(call(x, w, w, {}, {}, 0), {"least must be above 0, got 0"});
}

}  // namespace
}  // namespace graphsieve
