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

namespace graphsieve {

/// One step's input, and the nodes whose loss it takes: row r of the output is node nodes[r], unless `pick` is given, the
/// output rows to take first (int64).
struct TrainBatch {
  NetworkInput input;
  at::Tensor nodes;  ///< int64 global ids
  at::Tensor pick;   ///< int64, undefined = every output row in order
};

/// What a stage adds to the loop.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  /// Prepares an epoch and returns its number of batches.
  virtual int64_t begin_epoch(int64_t epoch) = 0;
  virtual TrainBatch batch(int64_t index) = 0;
  /// How many batches are best made at once, and these.
  virtual int64_t together() { return 1; }
  virtual std::vector<TrainBatch> batches(int64_t first, int64_t count);
  /// May batches() be called on another thread, ahead of the steps that take what it makes?
  virtual bool ahead() const { return false; }
  /// The graph of the epoch last begun, for evaluation.
  virtual GraphView evaluation() = 0;
  /// Seconds spent on drawing edges and making batches.
  virtual double sampling_seconds() const { return 0; }
  /// τ of an epoch.
  virtual double temperature(int64_t epoch) const = 0;
  /// What a step's forward pass is to bring back beside the logits, for loss().
  virtual void prepare(ForwardOptions& options) { (void)options; }
  /// The loss of a batch; undefined = that of the labels.
  virtual at::Tensor loss(const at::Tensor& logits) { return (void)logits, at::Tensor(); }
};

/// Validation nodes, then test nodes.
std::vector<int32_t> evaluated_nodes(const Split& split);

/// The nodes of all three parts, ascending.
std::vector<int32_t> nodes_of(const Split& split);

struct StageContext {
  const PreparedData& data;
  const Split& split;
  const Recipe& recipe;
  uint64_t seed;
  Observer& observer;
  std::function<void(const EpochRecord&)> record;
  Checkpoints* checkpoints = nullptr;               ///< where to leave them; null: nowhere
  std::function<void(Checkpoint&)> outer = {};      ///< adds to each what the caller needs to get here again
  const Checkpoint* resume = nullptr;               ///< of this stage, to go on from
};

/// A loss or gradient that is not finite: to begin again from a checkpoint would end in the same place.
class NotFinite : public Error {
 public:
  using Error::Error;
};

/// Trains `network` by `recipe` (the stage's part) and leaves it in evaluation mode with the weights of the epoch with the
/// best validation value, the first of equals. Throws NotFinite, and Interrupted if asked to stop, after a last checkpoint.
StageFigures train_stage(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe, const StageContext& context);

}  // namespace graphsieve
