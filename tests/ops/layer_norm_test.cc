// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/layer_norm/layer_norm.h"

#include <limits>

#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;

constexpr double kLayerEps = 1e-5;

/// y and the gradients of x, the weight and the bias.
Tensors norm_results(const Tensor& x_given, const Tensor& weight_given, const Tensor& bias_given, bool torch) {
  const auto leaf = [](const Tensor& t) { return t.detach().requires_grad_(); };
  const Tensor x = leaf(x_given), weight = leaf(weight_given), bias = leaf(bias_given);
  const Tensor y =
      torch ? at::layer_norm(x, {x.size(1)}, weight, bias, kLayerEps) : ops::layer_norm(x, weight, bias, kLayerEps);
  y.backward(random_tensor(y.sizes(), x.scalar_type(), 7));
  return {y.detach(), x.grad(), weight.grad(), bias.grad()};
}

/// Rows whose numbers differ, so that no standard deviation is close to 0, which would magnify rounding.
Tensor spread_rows(int64_t n, int64_t width) {
  return random_tensor({n, width}, at::kFloat) + 3 * at::arange(width).remainder(4);
}

TEST(LayerNorm, MatchesTorch) {
  for (const int64_t n : kOddRows)
    for (const int64_t width : kOddColumns) {
      if (width == 0) continue;
      const Tensor x = spread_rows(n, width), weight = random_tensor({width}, at::kFloat, 2),
                   bias = random_tensor({width}, at::kFloat, 3);
      const Tensors ours = norm_results(x, weight, bias, false);
      const Tensors exact = norm_results(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), true);
      for (size_t i = 0; i < exact.size(); ++i)
        expect_close(ours[i], exact[i], 2e-5, str(n, " x ", width, " result ", i));
    }
}

/// Rows far from zero keep their digits, since the mean is taken off before the squares are added.
TEST(LayerNorm, RowsFarFromZero) {
  const Tensor x = random_tensor({20, 32}, at::kDouble) + 3000, one = at::ones({32}), none = at::zeros({32});
  const Tensor exact = at::layer_norm(x, {32}, one.to(at::kDouble), none.to(at::kDouble), kLayerEps);
  expect_close(ops::layer_norm(x.to(at::kFloat), one, none, kLayerEps), exact, 2e-3);
}

TEST(LayerNorm, Gradients) {
  const Tensor x = random_tensor({4, 5}, at::kDouble), weight = random_tensor({5}, at::kDouble, 2),
               bias = random_tensor({5}, at::kDouble, 3);
  expect_gradients([](const Tensors& in) { return ops::layer_norm(in[0], in[1], in[2], kLayerEps); },
                   {x, weight, bias});
}

TEST(LayerNorm, NotANumberStaysInItsRow) {
  Tensor x = random_tensor({3, 4});
  x[1][2] = std::numeric_limits<float>::quiet_NaN();
  const Tensor y = ops::layer_norm(x, at::ones({4}), at::zeros({4}), kLayerEps);
  EXPECT_TRUE(y[1].isnan().all().item<bool>());
  EXPECT_FALSE(y[0].isnan().any().item<bool>());
}

TEST(LayerNorm, SameBitsAtAnyThreadCount) {
  const Tensor x = random_tensor({40000, 33}), weight = random_tensor({33}, at::kFloat, 2), bias = weight + 1;
  expect_same_at_any_thread_count([&] { return norm_results(x, weight, bias, false); });
}

TEST(LayerNorm, RefusesWhatDoesNotFit) {
  const Tensor x = random_tensor({3, 4}), w = at::ones({4});
  expect_error([&] { ops::layer_norm(x.to(at::kHalf), w, w, kLayerEps); }, {"x must be float32 or float64"});
  expect_error([&] { ops::layer_norm(x[0], w, w, kLayerEps); }, {"x must be [n, width]"});
  expect_error([&] { ops::layer_norm(x, at::ones({3}), w, kLayerEps); }, {"weight must be [width]"});
  expect_error([&] { ops::layer_norm(x, w, w.to(at::kDouble), kLayerEps); }, {"bias must be"});
  expect_error([&] { ops::layer_norm(x, w, w, 0); }, {"eps must be above 0, got 0"});
}

}  // namespace
}  // namespace graphsieve
