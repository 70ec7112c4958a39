// Training by mini-batches on a sampled graph: the estimator where a step on the whole graph is too much, and Spexphormer.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Leaves evaluation and the temperature to its heirs. Its seed keys the order of the training nodes; everything it is given
/// must outlive it.
class SampledStage : public Stage {
 public:
  SampledStage(std::string name, SampledGraph graph, const std::vector<int32_t>& train, int64_t batch_size, uint64_t seed);

  std::string name() const override { return name_; }
  bool ahead() const override { return true; }
  int64_t begin_epoch(int64_t epoch) override;
  TrainBatch batch(int64_t index) override;
  int64_t together() override { return together_; }
  std::vector<TrainBatch> batches(int64_t first, int64_t count) override;
  double sampling_seconds() const override { return seconds_; }

 protected:
  /// Adds the time until it is destroyed.
  struct Timer;

  SampledGraph graph_;

  /// Must the whole graph's edges of an epoch be drawn at its beginning? They also are where that is less work.
  virtual bool needs_whole() { return false; }
  NetworkInput timed_whole();
  std::vector<NetworkInput> timed_around(std::span<const at::Tensor> nodes);

 private:
  /// From a batch like the others: whether to draw whole, and how many batches to make together.
  void measure();
  /// An epoch's training nodes, on the graph's device.
  void take_batches(int64_t epoch);

  bool draws_whole_ = false;
  int64_t together_ = 0;  ///< 0: not measured
  const std::string name_;
  const std::vector<int32_t>& train_;
  const int64_t batch_size_;
  const uint64_t seed_;
  std::vector<at::Tensor> batches_;
  std::atomic<double> seconds_ = 0;
};

/// Where features [n, columns] are larger than half of the memory limit, rows of several batches are read together, each part of
/// the file once for all: so many batches that their features take an eighth of the limit. `rows`: that a batch reaches.
int64_t batches_together(const FeatureMatrix& features, int64_t rows, int64_t memory_limit);

/// Is it less work to draw for all of n nodes, in order, than for `drawn` of them (of all layers together) here and there? A
/// row at random takes as long as 4 in order from memory, and as 64 from a disk, where graphs lie under a memory limit.
bool drawn_whole(int64_t drawn, int64_t nodes, int64_t layers, int64_t memory_limit);

}  // namespace graphsieve
