#include "graphsieve/nn/norms.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int kMostSteps = 200;
constexpr double kSettled = 1e-6;  ///< relative change of a step

bool ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

/// A start that no singular vector of a trained map is likely to be orthogonal to.
Tensor start_vector(int64_t size) {
  Tensor v = at::empty({size}, at::kDouble);
  for (int64_t i = 0; i < size; ++i)
    v.mutable_data_ptr<double>()[i] = uniform(random_key(uint64_t{0x6E6F726D}, static_cast<uint64_t>(i))) - 0.5;
  return v / v.norm();
}

}  // namespace

OperatorNorms::OperatorNorms(const torch::nn::Module& module) {
  const auto parameters = module.named_parameters();
  for (const auto& item : parameters) {
    const std::string& name = item.key();
    if (item.value().dim() != 2 || !ends_with(name, ".weight")) continue;
    const std::string map = name.substr(0, name.size() - 7);
    const Tensor weight = item.value().detach();
    const auto add = [&](const std::string& of, const Tensor& w) { maps_.push_back({of, w, start_vector(w.size(1)).to(w.device())}); };
    if (ends_with(map, "key_value")) {
      const std::string before = map.substr(0, map.size() - 9);
      // Without a map after the attention, values are as wide as what enters it.
      const std::string block = before.substr(0, before.rfind("attention."));
      const Tensor* out = parameters.find(block + "attention_out.weight");
      const int64_t key_width = weight.size(0) - (out ? out->size(1) : weight.size(1));
      add(before + "key", weight.narrow(0, 0, key_width));
      add(before + "value", weight.narrow(0, key_width, weight.size(0) - key_width));
    } else {
      add(map, weight);
    }
  }
}

std::vector<std::pair<std::string, Tensor>> OperatorNorms::state() const {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const Map& map : maps_) all.emplace_back(map.name, map.vector);
  return all;
}

std::vector<std::pair<std::string, double>> OperatorNorms::measure() {
  const torch::NoGradGuard no_grad;
  std::vector<std::pair<std::string, double>> norms;
  for (Map& map : maps_) {
    const Tensor w = map.weight.to(at::kDouble);
    double norm = 0;
    for (int step = 0; step < kMostSteps; ++step) {
      const Tensor y = at::mv(w, map.vector);
      const double now = y.norm().item<double>();
      const Tensor back = at::mv(w.t(), y);
      const double length = back.norm().item<double>();
      const bool settled = std::abs(now - norm) <= kSettled * now;
      norm = now;
      if (length == 0) break;  // a map of zeros
      map.vector = back / length;
      if (settled) break;
    }
    norms.emplace_back(map.name, norm);
  }
  return norms;
}

VectorNorms vector_norms(const Tensor& h) {
  const torch::NoGradGuard no_grad;
  if (h.size(0) == 0) return {};
  const Tensor norm = h.norm(2, {1});
  return {norm.mean(at::kDouble).item<double>(), norm.max().item<double>()};
}

}  // namespace graphsieve
