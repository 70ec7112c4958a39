// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/sampled_graph.h"

#include <ATen/ATen.h>

#include <memory>

#include "graphsieve/base/random.h"
#include "graphsieve/sampling/batches.h"

namespace graphsieve {

using at::Tensor;

SampledGraph::SampledGraph(const FeatureMatrix& features, ScoredGraph graph, std::vector<int64_t> k,
                           const Sampler& sampler, uint64_t seed, const MemoryBudget& budget)
    : features_(features),
      graph_(std::move(graph)),
      k_(std::move(k)),
      sampler_(sampler),
      seed_(seed),
      budget_(budget),
      local_(at::full({features.rows}, -1, graph_.edges().index.options())) {}

SampledGraph SampledGraph::another() const {
  SampledGraph other(features_, graph_, k_, sampler_, seed_, budget_);
  other.keeps_positions_ = keeps_positions_;
  return other;
}

void SampledGraph::begin_epoch(int64_t epoch, int64_t draw, int part) {
  epoch_ = epoch;
  part_ = part;
  draw_seed_ = draw == 0 ? seed_ : random_key(seed_, Stream::kEvaluationDraw, draw);
  whole_.clear();
}

LayerSample SampledGraph::draw(int64_t layer, const Tensor& rows, int64_t batch) const {
  // A draw for all nodes that was made before already has the edges of `rows`.
  if (batch < 0 && !whole_.empty()) {
    const auto picked = [&rows](const Tensor& t) { return t.defined() ? t.index_select(0, rows) : t; };
    const LayerSample& whole = whole_[layer];
    return {picked(whole.index), picked(whole.type), picked(whole.position), picked(whole.log_weight)};
  }
  LayerSample sample = draw_layer(graph_.edges(), graph_.scores(layer, part_), rows, k_[layer], sampler_,
                                  {draw_seed_, epoch_, layer, batch}, budget_);
  if (!keeps_positions_) sample.position = Tensor();
  return sample;
}

void SampledGraph::draw_whole() {
  whole_.clear();
  // draw() uses `whole_` unless it is empty, so the new edges are collected in another list.
  std::vector<LayerSample> drawn;
  for (size_t l = 0; l < k_.size(); ++l) drawn.push_back(draw(static_cast<int64_t>(l), Tensor(), -1));
  whole_ = std::move(drawn);
}

NetworkInput SampledGraph::edges_around(const Tensor& nodes, int64_t batch) {
  // All batches share the draw for evaluation, unless the sampler draws by batch.
  const int64_t drawn_for = sampler_.by_batch ? batch : -1;
  const DrawLayer of_layer = [&](int64_t layer, const Tensor& rows) { return draw(layer, rows, drawn_for); };
  NetworkInput input = expand_batch(nodes, static_cast<int64_t>(k_.size()), of_layer, local_);
  input.features = &features_;
  return input;
}

std::vector<NetworkInput> SampledGraph::around_each(std::span<const Tensor> nodes, std::optional<int64_t> first_batch) {
  std::vector<NetworkInput> inputs;
  for (const Tensor& of_batch : nodes)
    inputs.push_back(edges_around(of_batch, first_batch ? *first_batch + static_cast<int64_t>(inputs.size()) : -1));
  std::vector<NetworkInput*> all;
  for (NetworkInput& input : inputs) all.push_back(&input);
  pick_features(all);
  return inputs;
}

NetworkInput SampledGraph::whole() {
  NetworkInput input;
  input.features = &features_;
  if (whole_.empty() && draws_on_demand(graph_.nodes())) {
    // A copy keeps the present epoch, and lives as long as the input.
    const auto present = std::make_shared<const SampledGraph>(*this);
    for (int64_t l = 0; l < std::ssize(k_); ++l) {
      LayerEdges& layer = input.layers.emplace_back();
      layer.destinations = graph_.nodes();
      layer.on_demand = [present, l](int64_t begin, int64_t end) {
        const Tensor rows = at::arange(begin, end, present->graph_.edges().index.options());
        return whole_graph_layer(present->draw(l, rows, -1));
      };
    }
    return input;
  }
  if (whole_.empty()) draw_whole();
  bool copied = false;
  for (LayerSample& sample : whole_) {
    input.layers.push_back(whole_graph_layer(sample));
    if (input.layers.back().edges.index.numel() == sample.index.numel()) continue;
    // Rows without k edges make the layer a copy. The draw is not kept beside it: a later call draws the same again.
    sample = {};
    copied = true;
  }
  if (copied) whole_.clear();
  return input;
}

}  // namespace graphsieve
