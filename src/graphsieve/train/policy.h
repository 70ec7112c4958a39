// SPDX-License-Identifier: Apache-2.0
// How batches are made and how nodes are evaluated: decisions from sizes and a memory budget alone. The stages and the
// plan (plan/plan.cc) call the same functions, so that a plan describes the run that follows.
#pragma once

#include <cstdint>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/train/decisions.h"

namespace graphsieve {

/// Sizes of the graph that decisions depend on.
struct GraphSizes {
  int64_t nodes = 0, layers = 0;
  int64_t feature_row_bytes = 0;  ///< bytes of a node's dense features; 0: the features are sparse
};
GraphSizes sizes_of(const FeatureMatrix& features, int64_t layers);

/// Sizes of a batch, or of a list of nodes with its neighbourhood.
struct BatchSizes {
  int64_t sources = 0;       ///< nodes whose features the batch reads
  int64_t destinations = 0;  ///< rows that are computed, the sum over the layers
};
BatchSizes sizes_of(const NetworkInput& batch);

/// Number of steps of an epoch: `train_nodes` by batches of `batch_size` (0: one batch), where a last batch of a single
/// node is joined with the batch before it.
int64_t batch_count(int64_t train_nodes, int64_t batch_size);

/// `first`: sizes of one of `batches` batches. `whole_needed`: evaluation takes the draw of all nodes. `shares_draws`:
/// all batches of an epoch share one draw.
BatchDecision decide_batches(const GraphSizes& graph, const BatchSizes& first, int64_t batches, bool whole_needed,
                             bool shares_draws, const MemoryBudget& budget);

/// True if decide_batches would decide alike for every `first`, so that no batch need be built to ask it.
bool batches_are_decided(bool whole_needed, const MemoryBudget& budget);

/// Number of batches that exist at once: those of a step, and those that another thread makes ahead of it.
int64_t batches_held(const BatchDecision& decision, int threads);

/// Number of nodes in the list to measure before decide_evaluation; 0 if the whole graph is taken whatever the list's
/// sizes: without batches, and where norms take statistics of the whole graph.
int64_t evaluation_list(const NetworkRecipe& recipe, const GraphSizes& graph, int64_t evaluated_nodes);

/// `first`: sizes of the first evaluation_list() nodes with their neighbourhood. Lists are taken where all of them
/// together compute fewer rows than the whole graph has in all layers.
EvaluationDecision decide_evaluation(const NetworkRecipe& recipe, const GraphSizes& graph, const BatchSizes& first,
                                     int64_t evaluated_nodes, const MemoryBudget& budget);

/// Number of batches whose features are read in one pass over the file of features. It is 1, unless the features are
/// larger than half of the budget's large arrays; then as many batches as have an eighth of them in features, at
/// most 64.
int64_t batches_per_read(const GraphSizes& graph, int64_t sources, const MemoryBudget& budget);

/// True if drawing for all nodes in order is cheaper than drawing for `drawn` scattered ones (the sum over layers).
/// Reading one scattered row takes as long as reading 4 rows in order from memory, and 64 from a disk, where graphs lie
/// under a memory budget.
bool whole_draw_is_cheaper(int64_t drawn, const GraphSizes& graph, const MemoryBudget& budget);

}  // namespace graphsieve
