// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/attention_picture.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <utility>

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr int kPowers = 5;  ///< the ranges go from 2^−kPowers to 2^kPowers

/// The arrays of a graph's edges.
struct EdgeArrays {
  const int64_t* start;
  const int32_t* source;
  const uint8_t* type;
  int64_t nodes;

  explicit EdgeArrays(const ops::AttentionEdges& edges)
      : start(edges.row_start.const_data_ptr<int64_t>()),
        source(edges.index.const_data_ptr<int32_t>()),
        type(edges.type.const_data_ptr<uint8_t>()),
        nodes(edges.row_start.numel() - 1) {}
};

/// Moves values linearly so that they lie between 0 and 1.
void fit(std::vector<double>& values) {
  if (values.empty()) return;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = *least, size = *most - *least;
  for (double& v : values) v = size > 0 ? (v - low) / size : 0.5;
}

}  // namespace

Json score_distribution(const ops::AttentionEdges& edges, const at::Tensor& scores,
                        const std::vector<int32_t>& destinations) {
  const EdgeArrays rows(edges);
  const auto* score = scores.const_data_ptr<float>();
  std::vector<int64_t> count(2 * kPowers + 2, 0);
  int64_t all = 0;
  for (const int32_t i : destinations) {
    const int64_t degree = rows.start[i + 1] - rows.start[i];
    if (degree < 2) continue;
    for (int64_t e = rows.start[i]; e < rows.start[i + 1]; ++e) {
      const double relative = score[e] * static_cast<double>(degree);
      const double power = relative > 0 ? std::floor(std::log2(relative)) : -kPowers - 1;
      ++count[static_cast<size_t>(std::clamp<double>(power, -kPowers - 1, kPowers) + kPowers + 1)];
      ++all;
    }
  }
  Json to = Json::array();
  for (int range = 0; range < 2 * kPowers + 2; ++range) {
    const int power = range - kPowers - 1;
    to.push_back({{"from", range == 0 ? Json(nullptr) : Json(std::exp2(power))},
                  {"to", range == 2 * kPowers + 1 ? Json(nullptr) : Json(std::exp2(power + 1))},
                  {"share", all > 0 ? static_cast<double>(count[range]) / static_cast<double>(all) : 0}});
  }
  return to;
}

NodePlaces place_nodes(const ops::AttentionEdges& edges) {
  constexpr int kSteps = 300;
  const EdgeArrays rows(edges);
  const auto n = static_cast<size_t>(rows.nodes);
  NodePlaces at;
  for (size_t i = 0; i < n; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
    at.x.push_back(std::cos(angle)), at.y.push_back(std::sin(angle));
  }
  const double near = 2 / std::sqrt(static_cast<double>(std::max<size_t>(1, n)));  // distance at which forces balance
  std::vector<double> dx(n), dy(n);
  const auto pull = [&](size_t i, size_t j, double force_of_distance) {
    const double x = at.x[j] - at.x[i], y = at.y[j] - at.y[i];
    dx[i] += x * force_of_distance, dy[i] += y * force_of_distance;
  };
  for (int step = 0; step < kSteps; ++step) {
    std::fill(dx.begin(), dx.end(), 0), std::fill(dy.begin(), dy.end(), 0);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) {
        const double square = std::pow(at.x[j] - at.x[i], 2) + std::pow(at.y[j] - at.y[i], 2);
        if (i != j) pull(i, j, -near * near / std::max(square, 1e-6));
      }
    for (size_t i = 0; i < n; ++i)
      for (int64_t e = rows.start[i]; e < rows.start[i + 1]; ++e) {
        const auto j = static_cast<size_t>(rows.source[e]);
        const double distance = std::hypot(at.x[j] - at.x[i], at.y[j] - at.y[i]);
        pull(i, j, distance / near), pull(j, i, distance / near);
      }
    // The steps become shorter, so that the places come to rest.
    const double longest = 0.1 * (1 - static_cast<double>(step) / kSteps);
    for (size_t i = 0; i < n; ++i) {
      const double size = std::hypot(dx[i], dy[i]), factor = size > longest ? longest / size : 1;
      at.x[i] += dx[i] * factor, at.y[i] += dy[i] * factor;
    }
  }
  fit(at.x), fit(at.y);
  return at;
}

Json attention_picture(const ScoredGraph& graph, const std::vector<int64_t>& k, const Sampler& sampler, uint64_t seed,
                       int64_t epoch, const std::vector<int32_t>& classes) {
  const int64_t nodes = graph.nodes();
  if (nodes > kMostPictured) return nullptr;
  const EdgeArrays rows(graph.edges());
  const NodePlaces places = place_nodes(graph.edges());
  Json to = {{"x", places.x}, {"y", places.y}, {"class", classes}, {"layers", Json::array()}};
  for (int64_t l = 0; l < std::min(graph.layers(), static_cast<int64_t>(k.size())); ++l) {
    const at::Tensor scores = graph.scores(l);
    const auto* score = scores.const_data_ptr<float>();
    const LayerSample drawn = draw_layer(graph.edges(), scores, at::Tensor(), k[l], sampler, {seed, epoch, l});
    const auto* source = drawn.index.const_data_ptr<int32_t>();
    const auto* type = drawn.type.const_data_ptr<uint8_t>();
    Json edges = Json::array();
    for (int64_t i = 0; i < nodes; ++i) {
      std::set<std::pair<int32_t, uint8_t>> kept;
      for (int64_t e = i * k[l]; e < (i + 1) * k[l]; ++e) kept.emplace(source[e], type[e]);
      for (int64_t e = rows.start[i]; e < rows.start[i + 1]; ++e)
        edges.push_back({rows.source[e], i, rows.type[e], score[e], kept.contains({rows.source[e], rows.type[e]})});
    }
    to["layers"].push_back({{"edges", edges}});
  }
  return to;
}

}  // namespace graphsieve
