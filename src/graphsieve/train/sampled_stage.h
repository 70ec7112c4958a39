// Training by mini-batches on a sampled graph: the estimator where a step on the whole graph is too much, and Spexphormer.
#pragma once

#include <atomic>
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
  double sampling_seconds() const override { return seconds_; }

 protected:
  /// Adds the time until it is destroyed.
  struct Timer;

  SampledGraph graph_;

  /// The whole graph's edges of an epoch are drawn at its beginning. False: for the nodes of a batch alone.
  virtual bool draws_whole() { return false; }
  NetworkInput timed_whole();
  NetworkInput timed_around(const at::Tensor& nodes);

 private:
  const std::string name_;
  const std::vector<int32_t>& train_;
  const int64_t batch_size_;
  const uint64_t seed_;
  std::vector<at::Tensor> batches_;
  std::atomic<double> seconds_ = 0;
};

}  // namespace graphsieve
