// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/measure.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/json_number.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "graphsieve/compress/subspace.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int kTimed = 5;  ///< number of timed predictions, of which the median is reported

/// Returns figures of the errors ‖ŷ − y‖ of the nodes. The relative mean is divided by the mean length of the centred
/// outputs.
Json output_error(const Tensor& wide, const Tensor& narrow, double epsilon) {
  const Tensor error = (narrow - wide).norm(2, {1}), sorted = std::get<0>(error.sort());
  const double length = (wide - wide.mean(0)).norm(2, {1}).mean().item<double>();
  Json shares = Json::array();
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    shares.push_back({{"factor", factor}, {"share", error.le(factor * epsilon).to(at::kDouble).mean().item<double>()}});
  return {{"mean", error.mean().item<double>()},
          {"p99", value_at_share(sorted, 0.99)},
          {"max", error.max().item<double>()},
          {"mean_output_length", length},
          {"relative_mean", json_number(error.mean().item<double>() / length)},
          {"epsilon", epsilon},
          {"within", shares}};
}

/// Returns quantiles of a / â over the edges of a layer for which both the wide attention a and the narrow attention â
/// are above 0.
Json attention_ratio(const Tensor& wide, const Tensor& narrow, size_t layer) {
  const Tensor keep = wide.gt(0).logical_and(narrow.gt(0));
  const Tensor ratio = std::get<0>((wide.masked_select(keep) / narrow.masked_select(keep)).sort());
  Json to = {{"layer", layer}, {"edges", ratio.numel()}};
  if (ratio.numel() == 0) return to;
  for (const auto& [name, share] : {std::pair("min", 0.0), std::pair("p01", 0.01), std::pair("median", 0.5),
                                    std::pair("p99", 0.99), std::pair("max", 1.0)})
    to[name] = value_at_share(ratio, share);
  to["mean_absolute_difference"] = (wide - narrow).abs().mean().item<double>();
  return to;
}

/// Returns the multiply-adds of a linear map of `rows` rows.
int64_t linear_cost(int64_t rows, int64_t in, int64_t out) { return rows * in * out; }

/// Returns the metric, the sizes and the time of one network.
Json network_json(const CompressTask& task, nn::Transformer& network, const NetworkInput& input) {
  const torch::NoGradGuard no_grad;
  int64_t parameters = 0;
  for (const auto& p : network->parameters()) parameters += p.numel();
  std::vector<double> seconds;
  Tensor logits;
  for (int i = 0; i < kTimed; ++i) {
    const auto start = std::chrono::steady_clock::now();
    logits = network(input, ForwardOptions());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const Task& of = *task.run->task;
  const Predictions p = predictions_of(logits, of);
  return {{"width", network->shape().width},
          {"val", json_number(of.evaluate(p, task.split->val))},
          {"test", json_number(of.evaluate(p, task.split->test))},
          {"parameters", parameters},
          {"bytes", parameters * 4},
          {"multiply_adds", multiply_adds(network->shape(), *input.features, input.layers)},
          {"prediction_seconds", seconds[kTimed / 2]}};
}

/// Returns which costs of the narrow network are larger than the wide network's. Measured times are left out, since
/// they are not the same each time.
Json grown(const Json& wide, const Json& narrow) {
  Json names = Json::array();
  for (const char* name : {"parameters", "multiply_adds"})
    if (narrow.at(name).get<int64_t>() > wide.at(name).get<int64_t>()) names.push_back(name);
  return names;
}

}  // namespace

int64_t multiply_adds(const nn::TransformerShape& s, const FeatureMatrix& features,
                      const std::vector<LayerEdges>& edges) {
  const int64_t n = features.rows, outer = s.outer_width > 0 ? s.outer_width : s.width;
  const int64_t key = s.key_width > 0 ? s.key_width : s.width, value = s.value_width > 0 ? s.value_width : s.width;
  const int64_t entry = nn::or_else(s.first_width, s.width);
  const int64_t first = s.compressed && s.pre_layers == 0 ? entry : outer;
  // Input layers, then per layer the maps, the logits and pooling over the edges, and the FFN; last the output layers.
  int64_t sum = features.sparse() ? features.value.numel() * first : linear_cost(n, features.cols, first);
  if (features.labels) sum += linear_cost(features.labels->rows(), s.label_columns, first);
  sum += s.pre_layers * linear_cost(n, outer, outer);
  if (s.compressed && s.pre_layers > 0) sum += linear_cost(n, outer, entry);
  for (size_t l = 0; l < edges.size(); ++l) {
    const LayerEdges& layer = edges[l];
    const int64_t rows = layer.destinations, in = l == 0 ? entry : s.width;
    sum += linear_cost(rows, in, s.query_maps * key) + linear_cost(n, in, key + value);
    // Where an edge's type picks its query map, the kernel goes through the query's numbers of all maps.
    sum += layer.edges.index.numel() * (s.query_maps * key + value);
    if (s.ffn) sum += 2 * linear_cost(rows, s.width, s.ffn_width);
    if (s.compressed) sum += linear_cost(rows, value, s.width);
    if (s.compressed || s.skip == nn::Skip::kLinear)
      sum += linear_cost(rows, in, s.width) + (s.ffn ? linear_cost(rows, s.width, s.width) : 0);
  }
  for (int64_t l = 0; l < s.output_layers; ++l)
    sum += linear_cost(n, l == 0 ? s.width : outer, l + 1 < s.output_layers ? outer : s.computed_outputs());
  return sum;
}

Json measured(const CompressTask& task, Compression& compression) {
  const Tensor& outer = compression.outer.defined() ? compression.outer : task.outer;
  const Trace found = trace(compression.maps, outer, task.edges, true);
  Json attention = Json::array();
  for (size_t l = 0; l < found.layers.size(); ++l)
    attention.push_back(attention_ratio(task.trace.layers[l].scores, found.layers[l].scores, l));
  const NetworkInput input = task.run->input();
  const Json wide = network_json(task, task.run->network, input),
             narrow = network_json(task, compression.network, input);
  return {{"output_error", output_error(task.trace.logits, found.logits, task.options.epsilon)},
          {"attention_ratio", attention},
          {"wide", wide},
          {"narrow", narrow},
          {"grown", grown(wide, narrow)}};
}

}  // namespace graphsieve
