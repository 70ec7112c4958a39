#include "graphsieve/train/sampled_stage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "graphsieve/base/large_memory.h"
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/runtime/device.h"
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
  if (batches_per_call_ == 0) measure();
  graph_.begin_epoch(epoch);
  if (draws_whole_) graph_.draw_whole();
  take_batches(epoch);
  return static_cast<int64_t>(batches_.size());
}

void SampledStage::take_batches(int64_t epoch) {
  batches_ = tensors_on(batch_nodes(train_, batch_size_, seed_, epoch), graph_.device());
}

TrainBatch SampledStage::batch(int64_t index) { return std::move(batches(index, 1).front()); }

std::vector<TrainBatch> SampledStage::batches(int64_t first, int64_t count) {
  const Timer timer(seconds_);
  std::vector<NetworkInput> inputs = graph_.around_each(std::span(batches_).subspan(first, count), first);
  std::vector<TrainBatch> made;
  for (int64_t i = 0; i < count; ++i) made.push_back({std::move(inputs[i]), batches_[first + i].to(at::kLong), {}});
  return made;
}

void SampledStage::measure() {
  draws_whole_ = needs_whole();
  batches_per_call_ = 1;
  if (draws_whole_ && memory_limit() <= 0) return;
  take_batches(0);
  graph_.begin_epoch(0);
  const NetworkInput some = graph_.edges_around(batches_.front(), 0);
  const FeatureMatrix& x = *some.features;
  int64_t drawn = 0;
  for (const LayerEdges& layer : some.layers) drawn += layer.destinations;
  drawn *= static_cast<int64_t>(batches_.size());
  if (graph_.shares_draws() && whole_draw_is_cheaper(drawn, x.rows, static_cast<int64_t>(some.layers.size()), memory_limit())) draws_whole_ = true;
  batches_per_call_ = batches_per_read(x, some.rows.size(0), memory_limit());
}

bool whole_draw_is_cheaper(int64_t drawn, int64_t nodes, int64_t layers, int64_t memory_limit) {
  return drawn * (memory_limit > 0 ? 64 : 4) >= nodes * layers;
}

int64_t batches_per_read(const FeatureMatrix& features, int64_t rows, int64_t memory_limit) {
  if (memory_limit <= 0 || features.sparse() || static_cast<int64_t>(features.dense.nbytes()) <= memory_limit / 2) return 1;
  const int64_t bytes = rows * features.cols * static_cast<int64_t>(features.dense.element_size());
  return std::clamp<int64_t>(memory_limit / 8 / std::max<int64_t>(1, bytes), 1, 64);
}

NetworkInput SampledStage::timed_whole() {
  const Timer timer(seconds_);
  return graph_.whole();
}

std::vector<NetworkInput> SampledStage::timed_around(std::span<const at::Tensor> nodes) {
  const Timer timer(seconds_);
  return graph_.around_each(nodes);
}

}  // namespace graphsieve
