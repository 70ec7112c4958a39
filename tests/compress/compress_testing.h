// SPDX-License-Identifier: Apache-2.0
// Small random networks on small random graphs, as the compressions take them.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "graphsieve/base/observer.h"
#include "graphsieve/compress/method.h"

namespace graphsieve {

/// Attention of wide networks.
inline constexpr const char* kWide[] = {"plain", "exphormer", "spexphormer"};

/// A directed edge list by destination, as an operator's edges with its transpose.
inline LayerEdges layer_of(int64_t nodes, const std::vector<std::vector<int32_t>>& sources,
                           const std::vector<std::vector<uint8_t>>& types) {
  std::vector<int64_t> start = {0};
  std::vector<int32_t> index;
  std::vector<uint8_t> type;
  for (int64_t i = 0; i < nodes; ++i) {
    index.insert(index.end(), sources[i].begin(), sources[i].end());
    type.insert(type.end(), types[i].begin(), types[i].end());
    start.push_back(static_cast<int64_t>(index.size()));
  }
  std::vector<std::vector<std::pair<int32_t, uint8_t>>> back(nodes);
  for (int64_t i = 0; i < nodes; ++i)
    for (size_t e = 0; e < sources[i].size(); ++e)
      back[sources[i][e]].emplace_back(static_cast<int32_t>(i), types[i][e]);
  std::vector<int64_t> t_start = {0};
  std::vector<int32_t> t_index;
  std::vector<uint8_t> t_type;
  for (const auto& row : back) {
    for (const auto& [to, of] : row) t_index.push_back(to), t_type.push_back(of);
    t_start.push_back(static_cast<int64_t>(t_index.size()));
  }
  LayerEdges layer;
  layer.destinations = nodes;
  layer.edges = {at::tensor(start, at::kLong),   at::tensor(index, at::kInt),   at::tensor(type, at::kByte),
                 at::tensor(t_start, at::kLong), at::tensor(t_index, at::kInt), at::tensor(t_type, at::kByte)};
  return layer;
}

inline double apart(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

/// A network of random weights, its norms' statistics random too, in evaluation mode.
inline nn::Transformer random_network(const std::string& kind, int64_t width, int64_t heads, int64_t layers,
                                      int64_t features, int64_t pre_layers = 0, int64_t output_layers = 1) {
  nn::TransformerShape s;
  s.network = kind, s.features = features, s.outputs = 3, s.width = width, s.heads = heads, s.layers = layers;
  s.pre_layers = pre_layers, s.output_layers = output_layers, s.ffn_width = width + 4;
  if (kind != "plain") s.clamp = 8;
  nn::Transformer network(s);
  nn::initialise(*network, 7);
  const torch::NoGradGuard no_grad;
  for (auto& item : network->named_buffers())
    if (item.key().ends_with("running_var"))
      item.value().copy_(at::rand_like(item.value()) + 0.5);
    else
      item.value().copy_(at::randn_like(item.value()) * 0.3);
  for (auto& item : network->named_parameters())
    if (item.key().find("norm.") != std::string::npos) item.value().add_(at::randn_like(item.value()) * 0.3);
  network->eval();
  return network;
}

/// A network with what a compression wants to know of it.
struct Case {
  FeatureMatrix features;
  NetworkInput input;
  nn::Transformer network{nullptr};
  NetworkMaps maps;
  at::Tensor outer;
  Trace traced;
  CompressOptions options;
  Observer observer;

  Case() { at::set_num_threads(1); }
  void look() {
    const torch::NoGradGuard no_grad;
    features.rows = features.dense.size(0), features.cols = features.dense.size(1);
    input.features = &features;
    outer = network->input()->outer(input).to(at::kDouble);
    maps = maps_of(network);
    trace_again();
  }
  void trace_again() { traced = trace(maps, outer, input.layers, true); }
  CompressTask task() { return {maps, outer, input.layers, traced, options, observer, nullptr, nullptr, {}}; }
  Trace after(const NetworkMaps& narrow) const { return trace(narrow, outer, input.layers, true); }
};

/// A random graph of 120 nodes, four to nine in-edges each of three types, node 5 without any.
inline std::unique_ptr<Case> random_case(const std::string& kind, int64_t width, int64_t heads, int64_t layers,
                                         int64_t pre_layers = 0, int64_t output_layers = 1) {
  torch::manual_seed(3);
  constexpr int64_t kNodes = 120, kFeatures = 6;
  auto made = std::make_unique<Case>();
  made->features.dense = at::randn({kNodes, kFeatures});
  std::vector<std::vector<int32_t>> sources(kNodes);
  std::vector<std::vector<uint8_t>> types(kNodes);
  for (int64_t i = 0; i < kNodes; ++i)
    for (int64_t e = 0; i != 5 && e < 4 + i % 6; ++e) {
      sources[i].push_back(static_cast<int32_t>((i * 7 + e * e * 13 + 1) % kNodes));
      types[i].push_back(static_cast<uint8_t>(e % 3));
    }
  made->input.layers.assign(layers, layer_of(kNodes, sources, types));
  made->network = random_network(kind, width, heads, layers, kFeatures, pre_layers, output_layers);
  made->look();
  return made;
}

/// 60 nodes of `classes` classes; nodes of a class have the same features and in-edges from the same classes, so that
/// everything in the network spans at most `classes` dimensions.
inline std::unique_ptr<Case> class_case(const std::string& kind, int64_t width, int64_t heads, int64_t layers,
                                        int64_t classes) {
  torch::manual_seed(5);
  constexpr int64_t kNodes = 60, kFeatures = 6;
  auto made = std::make_unique<Case>();
  made->features.dense = at::randn({classes, kFeatures}).index_select(0, at::arange(kNodes).remainder(classes));
  std::vector<std::vector<int32_t>> sources(kNodes);
  std::vector<std::vector<uint8_t>> types(kNodes);
  for (int64_t i = 0; i < kNodes; ++i)
    for (int64_t e = 0; e < 5; ++e) {  // the class of the e-th source depends on i's class alone
      const int64_t of = (i % classes + e) % classes;
      sources[i].push_back(static_cast<int32_t>((of + classes * (i / classes + e)) % kNodes));
      types[i].push_back(static_cast<uint8_t>(e % 3));
    }
  made->input.layers.assign(layers, layer_of(kNodes, sources, types));
  made->network = random_network(kind, width, heads, layers, kFeatures);
  made->look();
  return made;
}

}  // namespace graphsieve
