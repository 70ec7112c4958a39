// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace graphsieve::nn {
namespace {

using at::Tensor;

/// The sum over blocks has the value and the gradients of the sum over all rows at once, for rows that fill the blocks,
/// that leave a rest, and that are one block. A factor on the sum goes through to the gradients.
TEST(Recompute, SumOverBlocksHasTheValueAndGradientsOfTheWhole) {
  torch::manual_seed(1);
  const Tensor weight = at::randn({3, 5}, at::kDouble).requires_grad_(true);
  const Tensor factor = at::randn({20, 1}, at::kDouble);
  for (const int64_t rows : {1, 4, 8, 13}) {
    const auto with = [&](bool blocks) {
      const Tensor h = at::arange(rows * 5, at::kDouble).view({rows, 5}).sin().requires_grad_(true);
      const auto work = [&](const Tensor& part, int64_t begin) {
        return (at::linear(part, weight).tanh() * factor.narrow(0, begin, part.size(0))).sum();
      };
      const Tensor sum = blocks ? recomputed_sum(h, 4, work) : work(h, 0);
      weight.mutable_grad().reset();
      (sum / 7).backward();
      return std::vector<Tensor>{sum.detach(), h.grad(), weight.grad().clone()};
    };
    const auto whole = with(false), parts = with(true);
    for (size_t i = 0; i < whole.size(); ++i)
      EXPECT_LE((whole[i] - parts[i]).abs().max().item<double>(), 1e-12) << rows << " rows, result " << i;
  }
}

}  // namespace
}  // namespace graphsieve::nn
