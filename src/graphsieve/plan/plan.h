// SPDX-License-Identifier: Apache-2.0
// Predicts what a run will need before the run starts: memory, disk and time of each stage.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/run/predicted_nodes.h"
#include "graphsieve/train/decisions.h"

namespace graphsieve {

/// The predicted needs of one stage.
struct StagePlan {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::string name;               ///< "estimator" or "network"
  int64_t memory = 0;             ///< largest number of bytes of anonymous memory that the process holds
  int64_t scratch = 0;            ///< most bytes of large arrays in scratch files; 0 if memory is not limited
  int64_t recomputed = 0;         ///< `memory` of the stage if it computed its blocks again (estimator.recompute …)
  int64_t disk = 0;               ///< bytes that the stage leaves in the run folder
  int64_t epochs = 0, steps = 0;  ///< number of epochs; number of steps of an epoch
  BatchDecision batches;          ///< decision how batches are made (train/policy.h)
  EvaluationDecision evaluation;  ///< decision how nodes are evaluated
  double seconds_per_epoch = kUnknown, seconds = kUnknown;  ///< measured on a few steps; NaN if nothing is measured
};

/// The predicted needs of a run.
struct Plan {
  std::vector<StagePlan> stages;
  int64_t memory = 0, scratch = 0, disk = 0;  ///< maxima of the stages' memory and scratch; sum of their disk
  double seconds = StagePlan::kUnknown;       ///< sum of the stages' seconds; NaN if nothing is measured
  int64_t batch_size = 0;                     ///< batch size that fits: the recipe's, or a smaller one
  int64_t recipe_batch_size = 0;              ///< network.batch_size of the recipe
  int64_t attention_edges = 0;                ///< number of edges of the attention graph
  /// Share of the attention edges that are drawn, as the mean over the layers; NaN for a model that draws no edges.
  double edge_share = std::numeric_limits<double>::quiet_NaN();
  int64_t full_exphormer = 0;  ///< bytes of memory that Exphormer on all edges would need, with the recipe's widths
  int64_t full_attention = 0;  ///< bytes of the attention matrices alone if every node attends to every node
  bool fits = true;            ///< false: not even the smallest batch fits into the requested memory
  int64_t least = 0;           ///< if the run does not fit: bytes of memory that would suffice
};

/// The limits of the run to plan.
struct PlanRequest {
  int64_t memory = 0;                                 ///< bytes of memory to stay within; 0: no limit
  bool calibrate = true;                              ///< run some steps to measure the time
  PredictedNodes predictions = PredictedNodes::kAll;  ///< nodes whose predictions the run writes
};

/// Plans a run of the recipe on the data. Numbers that depend on sizes alone are exact. The number of nodes that a
/// batch reaches depends on the graph, and is measured on a few sampled batches.
GRAPHSIEVE_API Plan make_plan(const Dataset& data, const Recipe& recipe, const PlanRequest& request,
                              Observer& observer);

}  // namespace graphsieve
