#include "graphsieve/train/sampled_stage.h"

#include <ATen/ATen.h>

#include <chrono>

#include "graphsieve/sampling/batches.h"

namespace graphsieve {

struct SampledStage::Timer {
  explicit Timer(std::atomic<double>& to) : total(to) {}
  ~Timer() { total += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
  std::atomic<double>& total;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

SampledStage::SampledStage(std::string name, SampledGraph graph, const std::vector<int32_t>& train, int64_t batch_size,
                           uint64_t seed)
    : graph_(std::move(graph)), name_(std::move(name)), train_(train), batch_size_(batch_size), seed_(seed) {}

int64_t SampledStage::begin_epoch(int64_t epoch) {
  const Timer timer(seconds_);
  graph_.begin_epoch(epoch);
  if (draws_whole()) graph_.draw_whole();
  batches_ = batch_nodes(train_, batch_size_, seed_, epoch);
  return static_cast<int64_t>(batches_.size());
}

TrainBatch SampledStage::batch(int64_t index) {
  const Timer timer(seconds_);
  TrainBatch batch;
  batch.input = graph_.around(batches_[index], index);
  batch.nodes = batches_[index].to(at::kLong);
  return batch;
}

NetworkInput SampledStage::timed_whole() {
  const Timer timer(seconds_);
  return graph_.whole();
}

NetworkInput SampledStage::timed_around(const at::Tensor& nodes) {
  const Timer timer(seconds_);
  return graph_.around(nodes);
}

}  // namespace graphsieve
