// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

namespace graphsieve {
namespace {

using at::Tensor;

std::vector<Tensor> some_parameters() {
  torch::manual_seed(1);
  std::vector<Tensor> all{torch::randn({7, 5}), torch::randn({1}), torch::randn({130})};
  for (Tensor& p : all) p.requires_grad_();
  return all;
}

void set_gradients(std::vector<Tensor>& parameters, double scale, uint64_t seed) {
  torch::manual_seed(seed);
  for (Tensor& p : parameters) p.mutable_grad() = torch::randn_like(p) * scale;
}

/// Twelve steps beside torch's AdamW, with gradients that are clipped in some steps and not in others.
void expect_torchs_steps(double weight_decay, double clip_norm) {
  auto ours = some_parameters(), theirs = some_parameters();
  AdamW optimizer(ours, weight_decay, clip_norm);
  torch::optim::AdamW reference(theirs, torch::optim::AdamWOptions(0.1).weight_decay(weight_decay));
  for (int step = 0; step < 12; ++step) {
    const double rate = 0.1 / (1 + step), scale = step % 3 == 0 ? 1e-3 : 1.0;
    set_gradients(ours, scale, step);
    set_gradients(theirs, scale, step);
    const double norm = optimizer.step(rate);
    static_cast<torch::optim::AdamWOptions&>(reference.param_groups()[0].options()).lr(rate);
    const double limit = clip_norm > 0 ? clip_norm : INFINITY;
    EXPECT_NEAR(norm, torch::nn::utils::clip_grad_norm_(theirs, limit), 1e-5 * norm);
    reference.step();
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_LE((ours[i] - theirs[i]).abs().max().item<double>(), 2e-6) << "step " << step << " parameter " << i;
      EXPECT_FALSE(ours[i].grad().defined());
    }
  }
}

TEST(AdamW, TakesTorchsSteps) { expect_torchs_steps(1e-3, 0); }
TEST(AdamW, ClipsTheNormOfAllGradients) { expect_torchs_steps(1e-3, 1); }
TEST(AdamW, StrongDecay) { expect_torchs_steps(0.5, 1); }

TEST(AdamW, ParameterWithoutGradientStays) {
  auto parameters = some_parameters();
  const Tensor before = parameters[1].detach().clone();
  AdamW optimizer(parameters, 0.1, 1);
  set_gradients(parameters, 1, 3);
  parameters[1].mutable_grad().reset();
  optimizer.step(0.1);
  EXPECT_TRUE(parameters[1].equal(before));
}

TEST(AdamW, NormOfGradientsThatAreNotFinite) {
  auto parameters = some_parameters();
  AdamW optimizer(parameters, 0.1, 1);
  set_gradients(parameters, INFINITY, 3);
  EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
}

}  // namespace
}  // namespace graphsieve
