// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/weight_average.h"

#include <torch/torch.h>

#include <algorithm>

namespace graphsieve {

WeightAverage::WeightAverage(nn::Transformer& network, double decay) : network_(network), decay_(decay) {}

void WeightAverage::add_step() {
  if (decay_ <= 0) return;
  const torch::NoGradGuard no_grad;
  const auto now = nn::state_of(network_);
  const double steps = static_cast<double>(steps_++), kept = std::min(decay_, (1 + steps) / (10 + steps));
  if (average_.empty()) {
    for (const auto& [name, t] : now) average_.emplace_back(name, t.detach().clone());
    return;
  }
  for (size_t i = 0; i < now.size(); ++i) average_[i].second.lerp_(now[i].second, 1 - kept);
}

void WeightAverage::swap() {
  if (average_.empty()) return;
  const torch::NoGradGuard no_grad;
  auto now = nn::state_of(network_);
  for (size_t i = 0; i < now.size(); ++i) {
    const at::Tensor copy = now[i].second.detach().clone();
    now[i].second.copy_(average_[i].second);
    average_[i].second.copy_(copy);
  }
}

void WeightAverage::save(Checkpoint& to) const {
  if (decay_ <= 0) return;
  to.state["averaged_steps"] = steps_;
  to.add("average.", average_);
}

void WeightAverage::restore(const Checkpoint& from) {
  if (decay_ <= 0) return;
  steps_ = from.view().count("averaged_steps");
  if (steps_ == 0) return;
  for (const auto& [name, t] : nn::state_of(network_)) average_.emplace_back(name, at::empty_like(t.detach()));
  from.restore("average.", average_);
}

}  // namespace graphsieve
