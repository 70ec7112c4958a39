// Training by mini-batches on a sampled graph: the estimator where a step on the whole graph is too much, and Spexphormer.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Subclasses provide `evaluation()` and `temperature()`. The seed keys the order of the training nodes. All arguments of
/// the constructor must outlive the stage.
class SampledStage : public Stage {
 public:
  SampledStage(std::string name, SampledGraph graph, const std::vector<int32_t>& train, int64_t batch_size, uint64_t seed);

  std::string name() const override { return name_; }
  bool can_work_ahead() const override { return true; }
  int64_t begin_epoch(int64_t epoch) override;
  TrainBatch batch(int64_t index) override;
  int64_t batches_per_call() override { return batches_per_call_; }
  std::vector<TrainBatch> batches(int64_t first, int64_t count) override;
  double sampling_seconds() const override { return seconds_; }

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
  /// Builds one batch and decides from its size whether to draw the whole graph's edges at the beginning of an epoch, and
  /// how many batches to build per call.
  void measure();
  /// Cuts the epoch's training nodes into batches, on the graph's device.
  void take_batches(int64_t epoch);

  bool draws_whole_ = false;
  int64_t batches_per_call_ = 0;  ///< 0: measure() has not run
  const std::string name_;
  const std::vector<int32_t>& train_;
  const int64_t batch_size_;
  const uint64_t seed_;
  std::vector<at::Tensor> batches_;
  std::atomic<double> seconds_ = 0;
};

/// Number of batches whose features are read in one pass over the file of features. It is 1, unless the features are
/// larger than half of the memory limit; then as many batches as have an eighth of the limit in features. `rows`: number
/// of nodes that a batch reaches.
int64_t batches_per_read(const FeatureMatrix& features, int64_t rows, int64_t memory_limit);

/// True if drawing for all nodes in order is cheaper than drawing for `drawn` scattered ones (the sum over layers). Reading
/// one scattered row takes as long as reading 4 rows in order from memory, and 64 from a disk, where graphs lie under a
/// memory limit.
bool whole_draw_is_cheaper(int64_t drawn, int64_t nodes, int64_t layers, int64_t memory_limit);

}  // namespace graphsieve
