// SPDX-License-Identifier: Apache-2.0
// The training loop of both stages: epochs of batches, evaluation, and the weights of the best epoch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/run/checkpoint.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/runtime/memory_budget.h"

namespace graphsieve {

/// The input of one training step, and the nodes whose loss the step minimises.
struct TrainBatch {
  NetworkInput input;
  at::Tensor nodes;  ///< int64 ids in the graph; the loss compares their labels with the picked output rows
  at::Tensor pick;   ///< int32, the output rows of `nodes`; undefined: all output rows in order
};

/// The interface through which the training loop gets its batches and evaluates the network.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  /// Prepares an epoch and returns its number of batches.
  virtual int64_t begin_epoch(int64_t epoch) = 0;
  /// Returns a batch of the epoch that was begun last.
  virtual TrainBatch batch(int64_t index) = 0;
  /// Return the number of batches to build in one call, and the batches first, …, first + count − 1 of the epoch.
  virtual int64_t batches_per_call() { return 1; }
  virtual std::vector<TrainBatch> batches(int64_t first, int64_t count);
  /// True if batches() may run on another thread, ahead of the steps that use its batches.
  virtual bool can_work_ahead() const { return false; }
  /// Tells the stage that `epoch` is the next one to begin. The stage may build it ahead, on a thread of its own,
  /// beside the steps of the present epoch, whose batches must have been taken.
  virtual void expect_epoch(int64_t epoch) { (void)epoch; }
  /// Returns the graph with the edges of the epoch that was begun last, for evaluation. The view may be used on another
  /// thread while the next epoch is begun, and stays that of its epoch.
  virtual GraphView evaluation() = 0;
  /// Returns the seconds spent so far on drawing edges and building batches.
  virtual double sampling_seconds() const { return 0; }
  /// Adds the decisions of the stage (train/policy.h) to its figures.
  virtual void add_figures(StageFigures& figures) const { (void)figures; }
  /// Returns the temperature τ of an epoch.
  virtual double temperature(int64_t epoch) const = 0;
  /// Sets the values that a step's forward pass returns beside the logits, for loss().
  virtual void prepare(ForwardOptions& options) { (void)options; }
  /// True if the stage minimises loss(), and not the task's loss on the labels.
  virtual bool has_own_loss() const { return false; }
  /// Returns the stage's own loss of the batch whose forward pass gave these logits. Called only if has_own_loss().
  virtual at::Tensor loss(const at::Tensor& logits) { return logits; }
};

/// The inputs that both stages share.
struct StageContext {
  const PreparedData& data;
  const Task& task;
  const Split& split;
  const Recipe& recipe;
  uint64_t seed;
  Observer& observer;
  MemoryBudget budget;
  std::function<void(const EpochRecord&)> record;           ///< called with the figures of each epoch at its end
  Checkpoints* checkpoints = nullptr;                       ///< writes checkpoints; null: none are written
  std::function<void(Checkpoint&)> add_to_checkpoint = {};  ///< adds the state that the caller needs to resume
  const Checkpoint* resume = nullptr;  ///< checkpoint of this stage to continue from; null: training begins anew
};

/// The error that a loss or a gradient is not finite. A run that is resumed from a checkpoint would fail in the same
/// way, so no checkpoint is kept.
class NotFinite : public Error {
 public:
  using Error::Error;
};

/// Trains `network` by `recipe`, the stage's part of the run's recipe. Leaves the network in evaluation mode with the
/// weights of the epoch that has the best validation value (the first of several epochs with equal values). Returns the
/// figures of training. Throws NotFinite if a loss or a gradient is not finite. If the observer asks to stop, writes a
/// last checkpoint and throws Interrupted.
StageFigures train_stage(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe,
                         const StageContext& context);

}  // namespace graphsieve
