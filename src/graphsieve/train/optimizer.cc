// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/optimizer.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"

namespace graphsieve {

AdamW::AdamW(std::vector<at::Tensor> parameters, double weight_decay, double clip_norm)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay), clip_norm_(clip_norm) {
  const torch::NoGradGuard no_grad;
  for (const auto& p : parameters_) {
    first_.push_back(torch::zeros_like(p));
    second_.push_back(torch::zeros_like(p));
    steps_.push_back(torch::zeros({}, p.device()));
  }
}

double AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  std::vector<at::Tensor> parameters, grads, first, second, steps, squares;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    parameters.push_back(parameters_[i]);
    grads.push_back(parameters_[i].grad());
    first.push_back(first_[i]);
    second.push_back(second_[i]);
    steps.push_back(steps_[i]);
    squares.push_back(grads.back().to(at::kDouble).square().sum());  // squares of floats may overflow
  }
  double square = 0;
  if (!squares.empty()) {
    const at::Tensor on_host = at::stack(squares).cpu();  // one copy, so that the host waits for a GPU once
    for (size_t i = 0; i < squares.size(); ++i) square += on_host.const_data_ptr<double>()[i];
  }
  const double norm = std::sqrt(square);
  if (!std::isfinite(norm)) return norm;
  if (clip_norm_ > 0 && norm > clip_norm_)
    for (auto& g : grads) g.mul_(clip_norm_ / (norm + 1e-6));
  // The fused function expects the number of the current step, so the steps are counted before the call. The last two
  // arguments turn AMSGrad and maximisation off.
  for (const auto& s : steps) s.add_(1);
  at::_fused_adamw_(parameters, grads, first, second, {}, steps, learning_rate, 0.9, 0.999, weight_decay_, 1e-8, false,
                    false);
  for (auto& p : parameters_) p.mutable_grad().reset();
  return norm;
}

std::vector<std::pair<std::string, at::Tensor>> AdamW::state() const {
  std::vector<std::pair<std::string, at::Tensor>> all;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    all.emplace_back(str("first.", i), first_[i]);
    all.emplace_back(str("second.", i), second_[i]);
    all.emplace_back(str("steps.", i), steps_[i]);
  }
  return all;
}

}  // namespace graphsieve
