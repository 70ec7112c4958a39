// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/unit_rows/unit_rows.h"

#include <limits>

#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;

constexpr double kLeast = 0.5;

/// The formula in torch's operations.
Tensor by_torch(const Tensor& x, int64_t first, const std::optional<Tensor>& scale) {
  const Tensor rows = x.slice(1, first), unit = rows / rows.norm(2, {1}, true).clamp_min(kLeast);
  return at::cat({x.narrow(1, 0, first), scale ? unit * *scale : unit}, 1);
}

/// y and the gradients of x and, if there is one, of the scale.
Tensors results(const Tensor& x_given, int64_t first, const std::optional<Tensor>& scale_given, bool torch) {
  const Tensor x = x_given.detach().requires_grad_();
  std::optional<Tensor> scale;
  if (scale_given) scale = scale_given->detach().requires_grad_();
  const Tensor y = torch ? by_torch(x, first, scale) : ops::unit_rows(x, kLeast, first, scale);
  y.backward(random_tensor(y.sizes(), x.scalar_type(), 7));
  Tensors all{y.detach(), x.grad()};
  if (scale) all.push_back(scale->grad());
  return all;
}

/// Some rows are shorter than the smallest divisor, and one is all zeros.
Tensor rows_of_all_lengths(int64_t n, int64_t width, at::ScalarType type) {
  Tensor x = random_tensor({n, width}, type);
  if (n > 2) x.select(0, 1).mul_(1e-3), x.select(0, 2).zero_();
  return x;
}

TEST(UnitRows, MatchesTorch) {
  for (const int64_t n : kOddRows)
    for (const int64_t width : kOddColumns)
      for (const int64_t first : {int64_t{0}, width / 2})
        for (const bool scaled : {false, true}) {
          const Tensor x = rows_of_all_lengths(n, width, at::kFloat);
          const std::optional<Tensor> scale = scaled ? std::optional(at::full({1}, -1.7)) : std::nullopt;
          const Tensors ours = results(x, first, scale, false);
          const auto wide = scale ? std::optional(scale->to(at::kDouble)) : std::nullopt;
          const Tensors exact = results(x.to(at::kDouble), first, wide, true);
          for (size_t i = 0; i < exact.size(); ++i)
            expect_close(ours[i], exact[i], 1e-5, str(n, " x ", width, " from ", first, " result ", i));
        }
}

TEST(UnitRows, Gradients) {
  const Tensor x = rows_of_all_lengths(6, 5, at::kDouble).slice(0, 0, 2), scale = at::full({1}, 0.8, at::kDouble);
  expect_gradients([](const Tensors& in) { return ops::unit_rows(in[0], kLeast, 2, in[1]); }, {x, scale});
}

/// A scale of zero has a gradient, too.
TEST(UnitRows, ScaleOfZero) {
  const Tensor x = random_tensor({40, 8}), zero = at::zeros({1});
  const Tensors ours = results(x, 0, zero, false), exact = results(x, 0, zero, true);
  for (size_t i = 0; i < exact.size(); ++i) expect_close(ours[i], exact[i], 1e-5);
}

TEST(UnitRows, NotANumberStays) {
  Tensor x = random_tensor({3, 4});
  x[1][2] = std::numeric_limits<float>::quiet_NaN();
  const Tensor y = ops::unit_rows(x, kLeast);
  EXPECT_TRUE(y[1].isnan().all().item<bool>());
  EXPECT_FALSE(y[0].isnan().any().item<bool>());
}

TEST(UnitRows, SameBitsAtAnyThreadCount) {
  const Tensor x = random_tensor({9000, 33}), scale = at::full({1}, 1.3);
  expect_same_at_any_thread_count([&] { return results(x, 5, scale, false); });
}

TEST(UnitRows, RefusesWhatDoesNotFit) {
  const Tensor x = random_tensor({3, 4});
  expect_error([&] { ops::unit_rows(x.to(at::kHalf), 1); }, {"x must be float32 or float64"});
  expect_error([&] { ops::unit_rows(x[0], 1); }, {"x must be [n, width]"});
  expect_error([&] { ops::unit_rows(x, 0); }, {"least must be above 0, got 0"});
  expect_error([&] { ops::unit_rows(x, 1, 5); }, {"first must be 0 to 4, got 5"});
  expect_error([&] { ops::unit_rows(x, 1, 0, at::ones({2})); }, {"scale must be [1]"});
}

}  // namespace
}  // namespace graphsieve
