// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/norms.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/random.h"
#include "graphsieve/nn/layers.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int kMostSteps = 200;    ///< largest number of steps of one measurement
constexpr double kSettled = 1e-6;  ///< relative change of the norm in a step at which the iteration ends

/// Returns a start vector of length 1 with keyed random entries, which is unlikely to be orthogonal to a singular
/// vector of a trained map.
Tensor start_vector(int64_t size) {
  Tensor v = at::empty({size}, at::kDouble);
  for (int64_t i = 0; i < size; ++i)
    v.mutable_data_ptr<double>()[i] = uniform(random_key(uint64_t{0x6E6F726D}, static_cast<uint64_t>(i))) - 0.5;
  return v / v.norm();
}

}  // namespace

OperatorNorms::OperatorNorms(const std::vector<NamedMap>& maps) {
  for (const NamedMap& map : maps)
    maps_.push_back({map.name, map.weight, start_vector(map.weight.size(1)).to(map.weight.device())});
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
    // Power iteration on WᵀW: v becomes WᵀW v / ‖WᵀW v‖, and ‖W v‖ approaches the norm from below.
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
  // By blocks, because rows that are held in bfloat16 are copied as float32.
  VectorNorms norms;
  const auto rows_of = [&](int64_t begin, int64_t end) { return h.narrow(0, begin, end - begin); };
  nn::each_block(h.size(0), rows_of, [&](int64_t, const Tensor& rows) {
    const Tensor norm = nn::as_computed(rows).norm(2, {1});
    norms.mean += norm.sum(at::kDouble).item<double>();
    if (const double most = norm.max().item<double>(); !(most <= norms.most)) norms.most = most;  // NaN stays
  });
  norms.mean /= static_cast<double>(h.size(0));
  return norms;
}

void LayerNorms::watch(ForwardOptions& options, int64_t layers) {
  // Part p of the network is the input of layer p; the parts from `layers` on are results of the last layer and of the
  // output layers.
  options.on_part = [this, layers](int64_t part, const at::Tensor& h) {
    if (part == 0) inputs_.clear(), middles_.clear();
    if (part < layers) inputs_.push_back(vector_norms(h));
  };
  options.on_middle = [this](const at::Tensor& middle) { add_middle(middle); };
}

void LayerNorms::add_middle(const at::Tensor& piece) {
  const VectorNorms norms = vector_norms(piece);
  middles_.resize(inputs_.size());  // the piece is of the layer whose input came last
  Sum& sum = middles_.back();
  const auto rows = static_cast<double>(piece.size(0));
  sum.rows += rows;
  sum.lengths += rows * norms.mean;
  sum.most = std::max(sum.most, norms.most);
}

std::vector<VectorNorms> LayerNorms::middles() const {
  std::vector<VectorNorms> all;
  for (const Sum& sum : middles_) all.push_back({sum.rows > 0 ? sum.lengths / sum.rows : 0, sum.most});
  return all;
}

}  // namespace graphsieve
