// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/bounds.h"

#include <torch/torch.h>

#include <cmath>
#include <set>
#include <string>

#include "graphsieve/files/json_number.h"

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

double jl_epsilon(double pairs, double width) {
  // jl_width() falls up to ε = 2/3.
  double low = 0, high = 2. / 3;
  if (jl_width(pairs, high) > width) return 0;
  for (int step = 0; step < 60; ++step) (jl_width(pairs, (low + high) / 2) > width ? low : high) = (low + high) / 2;
  return high;
}

nlohmann::json json_of(const Constants& c) { return {{"alpha", c.alpha}, {"beta", c.beta}, {"skip", c.widest_skip}}; }

nlohmann::json promised(const CompressTask& task, const NetworkBound& bound) {
  const double most = bound.outputs.max().item<double>();
  const double size = task.trace.logits.norm(2, {1}).max().item<double>();
  nlohmann::json ratios = nlohmann::json::array();
  for (const double logits : bound.logits) ratios.push_back(json_number(std::exp(2 * logits)));
  return {{"constants", json_of(constants_of(task.wide, task.trace))},
          {"output_error", json_number(most)},
          {"mean_output_error", json_number(bound.outputs.mean().item<double>())},
          {"attention_ratio", ratios},
          {"largest_output", size},
          {"vacuous", !(most < size)}};
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
