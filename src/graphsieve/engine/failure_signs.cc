// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/failure_signs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graphsieve/base/option.h"
#include "graphsieve/data/splits.h"

namespace graphsieve {
namespace {

constexpr double kNothingLeftOut = 0.95;  ///< share of drawn edges from which nothing is sparsified
constexpr double kUniform = 0.99;         ///< relative entropy of scores that say nothing
constexpr int64_t kNodesTried = 5000;     ///< destinations whose entropy is computed

/// Returns the entropy of a node's scores divided by the logarithm of their number.
double relative_entropy(const float* score, int64_t count) {
  double entropy = 0;
  for (int64_t e = 0; e < count; ++e)
    if (score[e] > 0) entropy -= score[e] * std::log(static_cast<double>(score[e]));
  return entropy / std::log(static_cast<double>(count));
}

}  // namespace

std::string sign_of_k(double edge_share) {
  if (!(edge_share >= kNothingLeftOut)) return "";
  return fmt::format(
      "k is at or above the in-degrees of most nodes: the drawn edges are {:.0f} % of all edges, so that almost "
      "nothing is left out; a smaller {} needs less memory",
      100 * edge_share, setting("network.k", "K"));
}

std::string sign_of_scores(const ScoredGraph& scored, const std::vector<int64_t>& k) {
  const auto* start = scored.edges().row_start.const_data_ptr<int64_t>();
  double sum = 0, count = 0;
  for (int64_t l = 0; l < scored.layers(); ++l) {
    const at::Tensor scores = scored.scores(l);
    if (!scores.defined()) return "";
    const auto* score = scores.const_data_ptr<float>();
    for (const int32_t i : evenly_spaced(scored.nodes(), kNodesTried)) {
      const int64_t degree = start[i + 1] - start[i];
      if (degree < 2 || degree <= k[static_cast<size_t>(l)]) continue;
      sum += relative_entropy(score + start[i], degree);
      ++count;
    }
  }
  if (count == 0 || sum / count <= kUniform) return "";
  return fmt::format(
      "the scores hardly differ from equal scores (their entropy is {:.1f} % of the largest): the draws by score are "
      "draws at random; more epochs or another learning rate of the estimator may help",
      100 * sum / count);
}

std::string sign_of_draws(const Metric& metric, double own, const std::vector<double>& others) {
  if (others.size() < 2 || std::isnan(own)) return "";
  const auto n = static_cast<double>(others.size());
  const double mean = std::accumulate(others.begin(), others.end(), 0.0) / n;
  double square = 0;
  for (const double v : others) square += (v - mean) * (v - mean);
  const double deviation = std::sqrt(square / (n - 1)), gap = std::abs(own - mean);
  if (!metric.better(own, mean) || !(gap > 3 * deviation) || !(gap > 0.01 * std::abs(mean))) return "";
  return fmt::format(
      "the network fits the draw that it was chosen on: its validation value is {}, other draws have {} ± {}; {} "
      "averages several draws",
      metric_number(metric, own), metric_number(metric, mean), metric_number(metric, deviation),
      setting("network.eval_draws", "8"));
}

}  // namespace graphsieve
