// SPDX-License-Identifier: Apache-2.0
// What a run will need, before it starts: memory, disk and time of each stage.
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

struct StagePlan {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::string name;               ///< "estimator" or "network"
  int64_t memory = 0;             ///< the process's anonymous memory at its most, bytes
  int64_t scratch = 0;            ///< of large arrays in scratch files at once, where `memory` was limited
  int64_t disk = 0;               ///< what the stage leaves in the run folder
  int64_t epochs = 0, steps = 0;  ///< steps of an epoch
  BatchDecision batches;          ///< how batches are made
  EvaluationDecision evaluation;  ///< how nodes are evaluated
  double seconds_per_epoch = kUnknown, seconds = kUnknown;  ///< from a short calibration; NaN without
};

struct Plan {
  std::vector<StagePlan> stages;
  int64_t memory = 0, scratch = 0, disk = 0;  ///< the most of the stages; the run folder's bytes in all
  double seconds = StagePlan::kUnknown;
  int64_t batch_size = 0;  ///< that fits; the recipe's, or a smaller one
  int64_t recipe_batch_size = 0;
  int64_t attention_edges = 0;
  int64_t full_exphormer = 0;  ///< memory of the unsparsified Exphormer of the same widths, on this engine
  int64_t full_attention = 0;  ///< bytes of the attention matrices alone, every node to every other
  bool fits = true;
  int64_t least = 0;  ///< where it does not: the memory that would do
};

struct PlanRequest {
  int64_t memory = 0;     ///< bytes to stay within; 0: no limit
  bool calibrate = true;  ///< also run some steps, for the time
  PredictedNodes predictions = PredictedNodes::kAll;
};

/// Counts are exact where they depend on sizes alone; what depends on the graph (how
/// many nodes a batch reaches) is measured on a few sampled batches.
GRAPHSIEVE_API Plan make_plan(const Dataset& data, const Recipe& recipe, const PlanRequest& request, Observer& observer);

}  // namespace graphsieve
