#include "graphsieve/study/spectral_error.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

constexpr int kMostSteps = 300;
constexpr double kSettled = 1e-5;

/// Edge weights of the whole graph's CSR.
using Weights = std::vector<double>;

/// Weights of Â on the whole graph's edges.
Weights drawn_weights(const ops::AttentionEdges& edges, const float* score, const LayerSample& sample) {
  const int64_t n = edges.row_start.numel() - 1, k = sample.index.size(1);
  const int64_t* start = edges.row_start.const_data_ptr<int64_t>();
  const int32_t* source = edges.index.const_data_ptr<int32_t>();
  const uint8_t* type = edges.type.const_data_ptr<uint8_t>();
  const int32_t* drawn = sample.index.const_data_ptr<int32_t>();
  const uint8_t* drawn_type = sample.type.const_data_ptr<uint8_t>();
  Weights weight(static_cast<size_t>(start[n]), 0);
  for (int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int64_t d = i * k; d < (i + 1) * k; ++d)
      for (int64_t e = start[i]; drawn[d] >= 0 && e < start[i + 1]; ++e)
        if (source[e] == drawn[d] && type[e] == drawn_type[d]) {
          weight[e] += score[e];
          sum += score[e];
          break;
        }
    for (int64_t e = start[i]; sum > 0 && e < start[i + 1]; ++e) weight[e] /= sum;
  }
  return weight;
}

double norm_of(const ops::AttentionEdges& edges, const Weights& weight) {
  const int64_t n = edges.row_start.numel() - 1;
  const int64_t* start = edges.row_start.const_data_ptr<int64_t>();
  const int32_t* source = edges.index.const_data_ptr<int32_t>();
  const auto length = [](const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x * x;
    return std::sqrt(sum);
  };
  std::vector<double> x(n), y(n), back(n);
  for (int64_t i = 0; i < n; ++i) x[i] = uniform(random_key(static_cast<uint64_t>(Stream::kEigen), i));
  double norm = 0, size = length(x);
  for (int step = 0; step < kMostSteps && size > 0; ++step) {
    for (double& v : x) v /= size;
    for (int64_t i = 0; i < n; ++i) {
      y[i] = 0;
      for (int64_t e = start[i]; e < start[i + 1]; ++e) y[i] += weight[e] * x[source[e]];
    }
    const double now = length(y);
    std::fill(back.begin(), back.end(), 0);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t e = start[i]; e < start[i + 1]; ++e) back[source[e]] += weight[e] * y[i];
    const bool settled = std::abs(now - norm) <= kSettled * now;
    norm = now;
    if (settled) break;
    x.swap(back);
    size = length(x);
  }
  return norm;
}

}  // namespace

double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample) {
  const float* score = scores.const_data_ptr<float>();
  Weights whole(score, score + scores.numel()), difference = drawn_weights(edges, score, sample);
  for (size_t e = 0; e < whole.size(); ++e) difference[e] = whole[e] - difference[e];
  const double norm = norm_of(edges, whole);
  return norm > 0 ? norm_of(edges, difference) / norm : 0;
}

}  // namespace graphsieve
