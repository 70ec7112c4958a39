// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/bounds.h"

#include <torch/torch.h>

#include <cmath>
#include <set>
#include <string>

namespace graphsieve {

using at::Tensor;

double operator_norm(const Tensor& map) {
  if (map.numel() == 0) return 0;
  return at::linalg_svdvals(map.reshape({-1, map.size(-1)})).max().item<double>();
}

Constants constants_of(const NetworkMaps& maps, const Trace& trace) {
  Constants c;
  const auto vectors = [&](const Tensor& x) {
    if (x.size(0) > 0) c.alpha = std::max(c.alpha, x.square().sum(1).max().item<double>());
  };
  for (size_t l = 0; l < maps.layers.size(); ++l) {
    const LayerMaps& m = maps.layers[l];
    for (int64_t h = 0; h < m.heads(); ++h) {
      for (int64_t t = 0; t < m.query.size(1); ++t) c.beta = std::max(c.beta, operator_norm(m.query[h][t]));
      c.beta = std::max({c.beta, operator_norm(m.key[h]), operator_norm(m.value[h])});
    }
    c.beta =
        std::max({c.beta, operator_norm(m.attention_out), operator_norm(m.ffn_in.weight), operator_norm(m.ffn_out)});
    c.widest_skip = std::max({c.widest_skip, operator_norm(m.attention_skip.weight), operator_norm(m.ffn_skip.weight)});
    vectors(trace.layers[l].input);
    vectors(trace.layers[l].mid);
  }
  return c;
}

double jl_width(double pairs, double epsilon) {
  return 4 * std::log(4 * pairs) / (epsilon * epsilon - epsilon * epsilon * epsilon);
}

double propagated_error(const Constants& c, double epsilon, size_t layers, double output_norm) {
  const double a = std::sqrt(c.alpha), b = c.beta, s = c.widest_skip;
  double error = epsilon;
  for (size_t l = 0; l < layers; ++l) {
    // Queries, keys and values have lengths of at most b·a, and change by at most b times the error of the inputs. A
    // logit q·k therefore changes by at most 2(b·a)(b·error) + (b·error)², and an attention weight by a factor of at
    // most exp(2 · this change), which bounds the error of the pooled values.
    const double logits = b * b * error * (2 * a + error);
    const double pooled = b * error + b * a * std::min(std::exp(2 * logits) - 1, 1e300);
    const double mid = b * pooled + s * error;
    error = b * (epsilon + b * mid) + s * mid;
    if (!std::isfinite(error)) break;
  }
  return error * output_norm;
}

nlohmann::json json_of(const Constants& c) { return {{"alpha", c.alpha}, {"beta", c.beta}, {"skip", c.widest_skip}}; }

nlohmann::json propagated(const CompressTask& task, const Constants& c, double epsilon) {
  const double bound = propagated_error(c, epsilon, task.wide.layers.size(), operator_norm(task.wide.output[0].weight));
  const double size = task.trace.logits.norm(2, {1}).max().item<double>();
  return {{"constants", json_of(c)},
          {"output_error", std::isfinite(bound) ? nlohmann::json(bound) : nlohmann::json(nullptr)},
          {"largest_output", size},
          {"vacuous", !(bound < size)}};
}

int64_t distinct_rows(const Tensor& x) {
  const Tensor rows = x.to(at::kFloat).contiguous();
  const size_t bytes = static_cast<size_t>(rows.size(1)) * sizeof(float);
  const char* at = reinterpret_cast<const char*>(rows.const_data_ptr<float>());
  std::set<std::string_view> seen;
  for (int64_t i = 0; i < rows.size(0); ++i) seen.emplace(at + i * static_cast<int64_t>(bytes), bytes);
  return static_cast<int64_t>(seen.size());
}

}  // namespace graphsieve
