// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/sampled_stage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "graphsieve/base/random.h"
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

SampledStage::SampledStage(std::string name, SampledGraph graph, const GraphSizes& sizes, const StageContext& context,
                           int64_t batch_size, uint64_t seed)
    : graph_(std::move(graph)),
      name_(std::move(name)),
      train_(context.split.train),
      batch_size_(batch_size),
      labels_(context.data.features.labels.get()),
      hidden_share_(context.recipe.data.hidden_share),
      seed_(seed),
      sizes_(sizes),
      budget_(context.budget) {}

int64_t SampledStage::begin_epoch(int64_t epoch) {
  const Timer timer(seconds_);
  decision();
  graph_.begin_epoch(epoch);
  if (decision_->draws_whole) graph_.draw_whole();
  take_batches(epoch);
  return static_cast<int64_t>(batches_.size());
}

void SampledStage::take_batches(int64_t epoch) {
  constexpr int64_t kLeast = 2;  // BatchNorm needs two nodes
  epoch_ = epoch;
  const auto cut = [&](const std::vector<int32_t>& nodes) { return batch_nodes(nodes, batch_size_, seed_, epoch); };
  batches_ = tensors_on(
      labels_ && one_batch()
          ? cut(hidden_nodes(*labels_, hidden_share_, random_key(seed_, Stream::kHiddenLabels, epoch), kLeast))
          : cut(train_),
      graph_.device());
}

double SampledStage::hidden_share_outside(int64_t size) const {
  const double all = static_cast<double>(train_.size()), own = static_cast<double>(size);
  return one_batch() ? 0 : std::max(0.0, (hidden_share_ * all - own) / (all - own));
}

TrainBatch SampledStage::batch(int64_t index) { return std::move(batches(index, 1).front()); }

/// The thread of BatchesAhead may run this function. The output rows of a batch are its nodes in order, so no rows are
/// picked.
std::vector<TrainBatch> SampledStage::batches(int64_t first, int64_t count) {
  const Timer timer(seconds_);
  std::vector<NetworkInput> inputs = graph_.around_each(std::span(batches_).subspan(first, count), first);
  std::vector<TrainBatch> made;
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor& nodes = batches_[first + i];
    if (labels_)
      hide_labels(inputs[i], nodes.size(0), hidden_share_outside(nodes.size(0)),
                  random_key(seed_, Stream::kHiddenLabels, epoch_, first + i));
    made.push_back({std::move(inputs[i]), nodes.to(at::kLong), {}});
  }
  return made;
}

void SampledStage::add_figures(StageFigures& figures) const {
  if (!decision_) return;
  figures.draws_whole_graph = decision_->draws_whole;
  figures.batches_per_read = decision_->batches_per_call;
}

const BatchDecision& SampledStage::decision() {
  if (decision_) return *decision_;
  BatchSizes first;  // sizes of the first batch of epoch 0, which stand for all batches
  // The measurement begins epoch 0 and cuts its batches. begin_epoch() asks for the decision before it begins its own
  // epoch, so nothing of the measurement remains.
  if (!batches_are_decided(needs_whole(), budget_)) {
    take_batches(0);
    graph_.begin_epoch(0);
    first = sizes_of(graph_.edges_around(batches_.front(), 0));
  }
  const int64_t count = batch_count(static_cast<int64_t>(train_.size()), batch_size_);
  decision_ = decide_batches(sizes_, first, count, needs_whole(), graph_.shares_draws(), budget_);
  return *decision_;
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
