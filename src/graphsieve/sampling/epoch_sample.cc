// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/epoch_sample.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <list>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/base/random_reads.h"
#include "graphsieve/sampling/edge_ids.h"
#include "graphsieve/sampling/importance_weights.h"

namespace graphsieve {

using at::Tensor;

Sampler sampler_of(const std::string& name) {
  const bool by_batch = name.rfind("batch_", 0) == 0;
  if (name == "graph_reservoir" || name == "batch_reservoir") return {ops::SampleRule::kWeighted, by_batch};
  if (name == "graph_importance" || name == "batch_importance") return {ops::SampleRule::kWeighted, by_batch, true};
  if (name == "graph_uniform" || name == "batch_uniform") return {ops::SampleRule::kUniform, by_batch};
  if (name == "graph_max") return {ops::SampleRule::kLargest, false};
  throw Error("sampler is '", name,
              "', expected graph_reservoir, batch_reservoir, graph_importance, batch_importance, graph_uniform, "
              "batch_uniform or graph_max");
}

Sampler sampler_of(const NetworkRecipe& recipe) {
  Sampler sampler = sampler_of(recipe.sampler);
  sampler.refill = recipe.refill;
  return sampler;
}

uint64_t DrawKey::random(const Sampler& sampler) const {
  const uint64_t key = random_key(seed, Stream::kReservoir, epoch, layer);
  return sampler.by_batch ? random_key(key, batch) : key;
}

namespace {

/// Switches off read-ahead on the files of edges and scores while `reads` lives, if memory is limited and `rows` are at
/// most a sixteenth of the nodes. Only the pages of these rows are then read.
void expect_few_rows(std::list<RandomReads>& reads, const ops::AttentionEdges& graph,
                     const std::optional<Tensor>& weight, const Tensor& rows, const MemoryBudget& budget) {
  if (!budget.limited() || !rows.defined() || 16 * rows.numel() > graph.row_start.numel()) return;
  reads.emplace_back(graph.index.const_data_ptr(), graph.index.nbytes());
  reads.emplace_back(graph.type.const_data_ptr(), graph.type.nbytes());
  if (weight) reads.emplace_back(weight->const_data_ptr(), weight->nbytes());
}

/// Takes the repeated draws out of the rows of nodes with fewer than k edges: the row has each edge once, in the
/// graph's order, and −1 behind them. `index` and `position` are [rows, k].
void take_each_edge_once(const ops::AttentionEdges& graph, const Tensor& rows, Tensor& index, Tensor& position) {
  const int64_t nodes = graph.row_start.numel() - 1, k = index.size(1);
  const Tensor start = rows.defined() ? graph.row_start.index_select(0, rows) : graph.row_start.narrow(0, 0, nodes);
  const Tensor degree =
      (rows.defined() ? graph.row_start.index_select(0, rows + 1) : graph.row_start.narrow(0, 1, nodes)) - start;
  const Tensor few = degree.lt(k).logical_and(degree.gt(0)).nonzero().squeeze(1);
  if (few.numel() == 0) return;
  const Tensor place = at::arange(k, degree.options()).unsqueeze(0), count = degree.index_select(0, few).unsqueeze(1);
  const Tensor edge = start.index_select(0, few).unsqueeze(1) + at::minimum(place, count - 1);
  const Tensor source = graph.index.index_select(0, edge.view({-1})).view_as(edge), is_edge = place < count;
  index.index_copy_(0, few, source.masked_fill(is_edge.logical_not(), -1));
  position.index_copy_(0, few, at::where(is_edge, place, at::full_like(place, -1)).to(position.scalar_type()));
}

}  // namespace

LayerSample draw_layer(const ops::AttentionEdges& graph, const Tensor& scores, const Tensor& rows, int64_t k,
                       const Sampler& sampler, const DrawKey& key, const MemoryBudget& budget) {
  const std::optional<Tensor> weight =
      sampler.rule == ops::SampleRule::kUniform ? std::nullopt : std::optional<Tensor>(scores);
  std::list<RandomReads> reads;
  expect_few_rows(reads, graph, weight, rows, budget);
  auto [index, position] = ops::reservoir_sample(graph.row_start, graph.index, graph.type, weight,
                                                 rows.defined() ? std::optional<Tensor>(rows) : std::nullopt, k,
                                                 sampler.rule, static_cast<int64_t>(key.random(sampler)));
  if (!sampler.refill) take_each_edge_once(graph, rows, index, position);
  LayerSample sample{index, edge_types(graph, rows, position), position};
  if (sampler.importance && !scores.is_cpu())
    throw Error(
        "network.sampler draws with importance weights, which is for the CPU; expected graph_reservoir on a GPU");
  if (sampler.importance) sample.log_weight = importance_weights(graph, scores, rows, sample, key.random(sampler));
  return sample;
}

LayerEdges whole_graph_layer(const LayerSample& sample) {
  const int64_t n = sample.index.size(0), k = sample.index.size(1);
  LayerEdges layer;
  layer.destinations = n;
  layer.edges.row_start = at::zeros({n + 1}, sample.index.options().dtype(at::kLong));
  Tensor ends = layer.edges.row_start.narrow(0, 1, n);
  const Tensor kept = sample.index.ge(0);
  if (k > 0) at::cumsum_out(ends, kept.sum(1), 0, at::kLong);
  layer.edges.index = sample.index.view({-1});
  layer.edges.type = sample.type.view({-1});
  if (sample.position.defined()) layer.position = sample.position.view({-1});
  if (sample.log_weight.defined()) layer.edges.log_weight = sample.log_weight.view({-1});
  if (layer.edges.row_start[n].item<int64_t>() < n * k) {  // the entries without an edge are left out
    const Tensor edges = kept.view({-1});
    layer.edges.index = layer.edges.index.masked_select(edges);
    layer.edges.type = layer.edges.type.masked_select(edges);
    if (layer.position.defined()) layer.position = layer.position.masked_select(edges);
    if (layer.edges.log_weight) layer.edges.log_weight = layer.edges.log_weight->masked_select(edges);
  }
  return layer;
}

}  // namespace graphsieve
