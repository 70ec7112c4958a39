// SPDX-License-Identifier: Apache-2.0
// The training loop of both stages: epochs of batches, evaluation, the best epoch's weights.
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

/// Input of one training step, and the nodes whose loss the step minimises.
struct TrainBatch {
  NetworkInput input;
  at::Tensor nodes;  ///< int64 ids in the graph; the loss compares their labels with the picked output rows
  at::Tensor pick;   ///< int64, the output rows of `nodes`; undefined: all output rows in order
};

/// What the training loop asks of a stage.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  /// Prepares an epoch and returns its number of batches.
  virtual int64_t begin_epoch(int64_t epoch) = 0;
  virtual TrainBatch batch(int64_t index) = 0;
  /// Number of batches to build in one call, and the call that builds them.
  virtual int64_t batches_per_call() { return 1; }
  virtual std::vector<TrainBatch> batches(int64_t first, int64_t count);
  /// True if batches() may run on another thread, ahead of the steps that use its batches.
  virtual bool can_work_ahead() const { return false; }
  /// The graph of the epoch last begun, for evaluation.
  virtual GraphView evaluation() = 0;
  /// Seconds spent on drawing edges and making batches.
  virtual double sampling_seconds() const { return 0; }
  /// Adds what the stage decided to its figures.
  virtual void add_figures(StageFigures& figures) const { (void)figures; }
  /// The temperature τ of an epoch.
  virtual double temperature(int64_t epoch) const = 0;
  /// Sets what a step's forward pass gives beside the logits, for loss().
  virtual void prepare(ForwardOptions& options) { (void)options; }
  /// The loss of a batch. An undefined tensor stands for the loss of the labels.
  virtual at::Tensor loss(const at::Tensor& logits) { return (void)logits, at::Tensor(); }
};

/// What both stages are given.
struct StageContext {
  const PreparedData& data;
  const Task& task;
  const Split& split;
  const Recipe& recipe;
  uint64_t seed;
  Observer& observer;
  MemoryBudget budget;
  std::function<void(const EpochRecord&)> record;
  Checkpoints* checkpoints = nullptr;                       ///< writes checkpoints; null: none are written
  std::function<void(Checkpoint&)> add_to_checkpoint = {};  ///< adds what the caller needs to come to this stage again
  const Checkpoint* resume = nullptr;                       ///< a checkpoint of this stage, to go on from
};

/// A loss or gradient is not finite. Resuming from a checkpoint would fail in the same way, so none is kept.
class NotFinite : public Error {
 public:
  using Error::Error;
};

/// Trains `network` by `recipe`, the stage's part of the run's recipe, and leaves the network in evaluation mode with
/// the weights of the epoch that has the best validation value (of several equal ones the first). Throws NotFinite. If
/// the observer asks to stop, writes a last checkpoint and throws Interrupted.
StageFigures train_stage(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe,
                         const StageContext& context);

}  // namespace graphsieve
