// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/optimizer.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

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

namespace {

using at::Tensor;

/// Returns the sum of the squares of a gradient on the CPU, in float64, since squares of floats may overflow.
double sum_of_squares(const Tensor& grad) {
  constexpr int64_t kSums = 8;  // partial sums, which the compiler keeps in vectors
  const Tensor all = grad.to(at::kFloat).contiguous();
  const float* x = all.const_data_ptr<float>();
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= all.numel(); i += kSums)
    for (int64_t s = 0; s < kSums; ++s) sums[s] += static_cast<double>(x[i + s]) * x[i + s];
  for (; i < all.numel(); ++i) sums[0] += static_cast<double>(x[i]) * x[i];
  return std::accumulate(sums, sums + kSums, 0.0);
}

/// Returns the 2-norm of all gradients together.
double norm_of(const std::vector<Tensor>& grads) {
  double square = 0;
  if (grads.empty() || grads.front().is_cpu()) {
    std::vector<double> squares(grads.size());
    parallel_for(std::ssize(grads), [&](int64_t i) { squares[i] = sum_of_squares(grads[i]); });
    for (const double s : squares) square += s;
    return std::sqrt(square);
  }
  std::vector<Tensor> squares;
  for (const Tensor& g : grads) squares.push_back(g.to(at::kDouble).square().sum());
  const Tensor on_host = at::stack(squares).cpu();  // one copy, so that the host waits for the GPU once
  for (size_t i = 0; i < squares.size(); ++i) square += on_host.const_data_ptr<double>()[i];
  return std::sqrt(square);
}

}  // namespace

double AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> parameters, grads, first, second, steps;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    parameters.push_back(parameters_[i]);
    grads.push_back(parameters_[i].grad());
    first.push_back(first_[i]);
    second.push_back(second_[i]);
    steps.push_back(steps_[i]);
  }
  const double norm = norm_of(grads);
  if (!std::isfinite(norm)) return norm;
  const double factor = clip_norm_ > 0 && norm > clip_norm_ ? clip_norm_ / (norm + 1e-6) : 1;
  // The fused function expects the number of the current step, so the steps are counted before the call. The last two
  // arguments turn AMSGrad and maximisation off.
  const auto update = [&](const std::vector<Tensor>& p, const std::vector<Tensor>& g, const std::vector<Tensor>& m,
                          const std::vector<Tensor>& v, const std::vector<Tensor>& t) {
    if (factor != 1)
      for (const Tensor& one : g) one.mul_(factor);
    for (const Tensor& one : t) one.add_(1);
    at::_fused_adamw_(p, g, m, v, {}, t, learning_rate, 0.9, 0.999, weight_decay_, 1e-8, false, false);
  };
  if (!grads.empty() && !grads.front().is_cpu()) {
    update(parameters, grads, first, second, steps);
  } else {
    parallel_for(std::ssize(grads), [&](int64_t i) {
      const at::AutoDispatchBelowADInplaceOrView guard;
      update({parameters[i]}, {grads[i]}, {first[i]}, {second[i]}, {steps[i]});
    });
  }
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
