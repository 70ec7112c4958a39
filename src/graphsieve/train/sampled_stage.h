// SPDX-License-Identifier: Apache-2.0
// Training by mini-batches on a sampled graph: the estimator where a step on the whole graph is too much, and
// Spexphormer.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/policy.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Subclasses provide `evaluation()` and `temperature()`. The seed keys the order of the training nodes. All arguments
/// of the constructor must outlive the stage.
class SampledStage : public Stage {
 public:
  SampledStage(std::string name, SampledGraph graph, const GraphSizes& sizes, const std::vector<int32_t>& train,
               int64_t batch_size, uint64_t seed, const MemoryBudget& budget);

  std::string name() const override { return name_; }
  bool can_work_ahead() const override { return true; }
  int64_t begin_epoch(int64_t epoch) override;
  TrainBatch batch(int64_t index) override;
  int64_t batches_per_call() override { return decision_->batches_per_call; }
  std::vector<TrainBatch> batches(int64_t first, int64_t count) override;
  double sampling_seconds() const override { return seconds_; }

  void add_figures(StageFigures& figures) const override;

  /// How batches are made. Builds a batch if the decision depends on its sizes and none was built before.
  const BatchDecision& decision();

 protected:
  /// Adds the time until it is destroyed.
  struct Timer;

  SampledGraph graph_;

  /// True if the edges of all nodes must be drawn at the beginning of an epoch. They are also drawn then where that is
  /// less work than drawing them for each batch.
  virtual bool needs_whole() { return false; }
  NetworkInput timed_whole();
  std::vector<NetworkInput> timed_around(std::span<const at::Tensor> nodes);

 private:
  /// Cuts the epoch's training nodes into batches, on the graph's device.
  void take_batches(int64_t epoch);

  std::optional<BatchDecision> decision_;
  const std::string name_;
  const std::vector<int32_t>& train_;
  const int64_t batch_size_;
  const uint64_t seed_;
  const GraphSizes sizes_;
  const MemoryBudget budget_;
  std::vector<at::Tensor> batches_;
  std::atomic<double> seconds_ = 0;
};

}  // namespace graphsieve
