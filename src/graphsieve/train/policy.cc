// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/policy.h"

#include <algorithm>
#include <cmath>

#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/sampling/sampled_graph.h"

namespace graphsieve {

GraphSizes sizes_of(const FeatureMatrix& features, int64_t layers, int64_t width) {
  const bool dense = !features.sparse() && features.dense.defined();
  const int64_t row_bytes = dense ? features.cols * static_cast<int64_t>(features.dense.element_size()) : 0;
  return {features.rows, layers, row_bytes, width};
}

BatchSizes sizes_of(const NetworkInput& batch) {
  BatchSizes sizes;
  sizes.sources = batch.rows.size(0);
  for (const LayerEdges& layer : batch.layers) sizes.destinations += layer.destinations;
  return sizes;
}

int64_t batch_count(int64_t train_nodes, int64_t batch_size) {
  if (batch_size <= 0 || batch_size >= train_nodes) return 1;
  // The count must be the number of batches that batch_nodes() (sampling/batches.h) cuts.
  const int64_t batches = (train_nodes + batch_size - 1) / batch_size;
  const bool last_is_single = train_nodes - (batches - 1) * batch_size == 1;
  return batches - (last_is_single ? 1 : 0);
}

int64_t epoch_nodes(const std::vector<int32_t>& train, bool by_part, std::optional<double> hidden_share,
                    int64_t batch_size) {
  if (by_part) return std::ssize(training_parts(train).front().nodes);
  const int64_t all = std::ssize(train);
  if (!hidden_share || batch_count(all, batch_size) > 1) return all;
  return std::min(
      all, std::max(kLeastOfBatch, static_cast<int64_t>(std::llround(static_cast<double>(all) * *hidden_share))));
}

bool whole_is_needed(const GraphSizes& graph, bool shares_draws, bool by_part, const EvaluationDecision& evaluation) {
  return shares_draws && !by_part && evaluation.nodes_per_list == 0 && !draws_on_demand(graph.nodes);
}

bool batches_are_decided(bool whole_needed, const MemoryBudget& budget) { return whole_needed && !budget.limited(); }

BatchDecision decide_batches(const GraphSizes& graph, const BatchSizes& first, int64_t batches, bool whole_needed,
                             bool shares_draws, const MemoryBudget& budget) {
  if (batches_are_decided(whole_needed, budget)) return {true, 1};
  const bool cheaper = shares_draws && whole_draw_is_cheaper(first.destinations * batches, graph, budget);
  return {whole_needed || cheaper, batches_per_read(graph, first.sources, budget)};
}

int64_t batches_held(const BatchDecision& decision, int64_t batches, bool beside, int threads) {
  if (batches == 1) return beside ? 2 : 1;
  const int64_t per_call = decision.batches_per_call;
  // The step's own batch, and the batches of two calls: those that wait and those that are being built (BatchesAhead).
  return threads == 1 ? per_call : 2 * per_call + 1;
}

bool works_beside(const GraphSizes& graph, const MemoryBudget& budget, int threads) {
  constexpr int64_t kMostBytes = int64_t{64} << 20, kRows = 4;
  const int64_t bytes =
      graph.nodes * (graph.feature_row_bytes + kRows * graph.width * static_cast<int64_t>(sizeof(float)));
  return threads > 1 && !budget.limited() && bytes <= kMostBytes;
}

int64_t evaluation_list(const NetworkRecipe& recipe, const GraphSizes& graph, int64_t evaluated_nodes) {
  const bool whole = recipe.norm == "graph" || evaluated_nodes >= graph.nodes * (graph.layers + 1);
  return whole ? 0 : std::max<int64_t>(0, std::min(recipe.batch_size, evaluated_nodes));
}

EvaluationDecision decide_evaluation(const NetworkRecipe& recipe, const GraphSizes& graph, const BatchSizes& first,
                                     int64_t evaluated_nodes, const MemoryBudget& budget) {
  // Both sides count rows: a list reads the rows of its sources and computes those of its destinations; the whole graph
  // reads every node once and computes it in each layer.
  const int64_t lists = (evaluated_nodes + recipe.batch_size - 1) / recipe.batch_size;
  const int64_t rows_of_list = first.sources + first.destinations, rows_of_graph = graph.nodes * (graph.layers + 1);
  if (lists * rows_of_list >= rows_of_graph) return {};
  return {recipe.batch_size, batches_per_read(graph, first.sources, budget)};
}

bool whole_draw_is_cheaper(int64_t drawn, const GraphSizes& graph, const MemoryBudget& budget) {
  const int64_t worth = draws_on_demand(graph.nodes) && !budget.limited() ? 32 : 1;
  return drawn * (budget.limited() ? 64 : 4) >= worth * graph.nodes * graph.layers;
}

int64_t batches_per_read(const GraphSizes& graph, int64_t sources, const MemoryBudget& budget) {
  const int64_t all = graph.nodes * graph.feature_row_bytes;
  if (!budget.limited() || all <= budget.large_arrays / 2) return 1;
  return std::clamp<int64_t>(budget.large_arrays / 8 / std::max<int64_t>(1, sources * graph.feature_row_bytes), 1, 64);
}

}  // namespace graphsieve
