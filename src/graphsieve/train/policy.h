// SPDX-License-Identifier: Apache-2.0
// Decides how batches are made and how nodes are evaluated, from sizes and a memory budget alone. The stages and the
// plan (plan/plan.cc) both call these functions, so that a plan describes the run that follows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/train/decisions.h"

namespace graphsieve {

/// The sizes of a graph and its network that decisions depend on.
struct GraphSizes {
  int64_t nodes = 0, layers = 0;  ///< nodes of the graph; layers of the network
  int64_t feature_row_bytes = 0;  ///< bytes of a node's dense features; 0: the features are sparse
  int64_t width = 0;              ///< width of the network
};
/// Returns the sizes of a graph with these features and a network of `layers` layers.
GraphSizes sizes_of(const FeatureMatrix& features, int64_t layers, int64_t width);

/// The sizes of a batch, or of a list of nodes with their neighbourhood.
struct BatchSizes {
  int64_t sources = 0;       ///< number of nodes whose features the batch reads
  int64_t destinations = 0;  ///< number of rows that are computed, summed over the layers
};
/// Returns the sizes of a batch whose layers of edges are known.
BatchSizes sizes_of(const NetworkInput& batch);

/// Returns the number of steps of an epoch in which `train_nodes` nodes are cut into batches of `batch_size` (0: one
/// batch). A last batch of a single node is joined with the batch before it.
int64_t batch_count(int64_t train_nodes, int64_t batch_size);

/// Returns the number of training nodes of an epoch that is cut into batches (train/sampled_stage.h).
/// - `by_part`: true if labels are inputs and edges are drawn by scores. An epoch then has the nodes of one part, and
/// the
///   first part stands for all.
/// - `hidden_share`: the share of the training nodes whose labels a step hides, if labels are inputs. If all training
///   nodes fit into one batch, an epoch then has as many nodes as are hidden.
int64_t epoch_nodes(const std::vector<int32_t>& train, bool by_part, std::optional<double> hidden_share,
                    int64_t batch_size);

/// True if the edges of all nodes must be drawn at the beginning of an epoch: the whole graph is evaluated with edges
/// that the batches of the epoch share, all in memory at once.
/// - `shares_draws`: true if all batches of an epoch share one draw.
/// - `by_part`: true if the draws of training depend on labels that are inputs; evaluation then has draws of its own.
bool whole_is_needed(const GraphSizes& graph, bool shares_draws, bool by_part, const EvaluationDecision& evaluation);

/// Decides how the `batches` batches of an epoch are made.
/// - `first`: sizes of one of the batches.
/// - `whole_needed`: whole_is_needed() for the network; false for the estimator.
/// - `shares_draws`: true if all batches of an epoch share one draw.
BatchDecision decide_batches(const GraphSizes& graph, const BatchSizes& first, int64_t batches, bool whole_needed,
                             bool shares_draws, const MemoryBudget& budget);

/// True if decide_batches() decides the same for every `first`, so that no batch has to be built before the decision.
bool batches_are_decided(bool whole_needed, const MemoryBudget& budget);

/// Returns the number of batches that exist at the same time: the batch of the current step, and the batches that
/// another thread builds ahead of the step. Of an epoch with one batch that is the next epoch's batch, if `beside` is
/// true, the result of works_beside().
int64_t batches_held(const BatchDecision& decision, int64_t batches, bool beside, int threads);

/// True if work on a second set of large arrays may go on beside a training step: the evaluation of the epoch before,
/// and building the batch of the epoch after. That is so if a few rows per node, of features and of the network's
/// width, are not more than 64 MiB: steps on small graphs leave cores idle, and those on large ones need the memory.
bool works_beside(const GraphSizes& graph, const MemoryBudget& budget, int threads);

/// Returns the number of nodes in the list that the caller has to measure for decide_evaluation(). Returns 0 if the
/// whole graph is evaluated for every size of a list: without batches, and if norms take statistics of the whole graph.
int64_t evaluation_list(const NetworkRecipe& recipe, const GraphSizes& graph, int64_t evaluated_nodes);

/// Decides how nodes are evaluated. `first` has the sizes of the first evaluation_list() nodes with their
/// neighbourhood. Lists of nodes are evaluated if all lists together compute fewer rows than the whole graph has in all
/// layers.
EvaluationDecision decide_evaluation(const NetworkRecipe& recipe, const GraphSizes& graph, const BatchSizes& first,
                                     int64_t evaluated_nodes, const MemoryBudget& budget);

/// Returns the number of batches whose features are read in one pass over the file of features. The number is 1 unless
/// the features are larger than half of the budget for large arrays; then it is the number of batches whose features
/// fill an eighth of this budget, at most 64.
int64_t batches_per_read(const GraphSizes& graph, int64_t sources, const MemoryBudget& budget);

/// True if drawing for all nodes in order is cheaper than drawing for `drawn` scattered ones (the sum over layers).
/// Reading one scattered row takes as long as reading 4 rows in order from memory, and 64 from a disk, where graphs lie
/// under a memory budget. Of a large graph (draws_on_demand()) in memory, drawing for all nodes must be 32 times
/// cheaper: their edges take memory, and draws for batches are made beside the steps.
bool whole_draw_is_cheaper(int64_t drawn, const GraphSizes& graph, const MemoryBudget& budget);

}  // namespace graphsieve
