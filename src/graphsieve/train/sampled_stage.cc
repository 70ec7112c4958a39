// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/sampled_stage.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/base/work_times.h"
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
    : epoch_{0, std::make_shared<SampledGraph>(std::move(graph)), {}, {}},
      sizes_(sizes),
      name_(std::move(name)),
      train_(context.split.train),
      batch_size_(batch_size),
      labels_(context.data.features.labels.get()),
      hidden_share_(context.recipe.data.hidden_share),
      seed_(seed),
      parts_(labels_ && epoch_.graph->label_parts() > 0 ? training_parts(train_) : std::vector<PartNodes>()),
      batches_(batch_count(
          epoch_nodes(train_, !parts_.empty(), labels_ ? std::optional(hidden_share_) : std::nullopt, batch_size_),
          batch_size_)),
      budget_(context.budget) {}

SampledStage::~SampledStage() {
  if (next_.valid()) next_.wait();
}

int64_t SampledStage::begin_epoch(int64_t epoch) {
  const Timer timer(seconds_);
  decision();
  std::optional<Epoch> ahead;
  if (next_.valid()) {
    const Waiting waiting;
    ahead = next_.get();
  }
  if (ahead && ahead->number == epoch) {
    epoch_ = std::move(*ahead);
  } else {
    // An evaluation that still runs keeps its graph.
    const bool in_use = epoch_.graph.use_count() > 1;
    epoch_ = begin(epoch, in_use ? std::make_shared<SampledGraph>(epoch_.graph->another()) : epoch_.graph);
  }
  return std::ssize(epoch_.nodes);
}

void SampledStage::expect_epoch(int64_t epoch) {
  const bool beside = epoch_.graph->device().is_cpu() && works_beside(sizes_, budget_, num_threads());
  if (!beside || batches_ > 1) return;
  next_ = std::async(std::launch::async, [this, epoch, graph = epoch_.graph]() -> Epoch {
    const Working working;
    const SideLoops on_the_side;
    const torch::NoGradGuard no_grad;
    const Timer timer(seconds_);
    Epoch next = begin(epoch, std::make_shared<SampledGraph>(graph->another()));
    next.ahead = build(next, 0, 1);
    return next;
  });
}

std::vector<int32_t> SampledStage::nodes_of(int64_t epoch) const {
  if (const PartNodes* part = part_of(epoch)) return part->nodes;
  // A batch hides the labels of its own nodes. One batch of all training nodes would hide every label, so it has the
  // nodes whose labels the epoch hides.
  if (labels_ && batches_ == 1)
    return hidden_nodes(*labels_, hidden_share_, random_key(seed_, Stream::kHiddenLabels, epoch), kLeastOfBatch);
  return train_;
}

SampledStage::Epoch SampledStage::begin(int64_t epoch, std::shared_ptr<SampledGraph> graph) const {
  const PartNodes* part = part_of(epoch);
  graph->begin_epoch(epoch, 0, part ? part->part : -1);
  if (decision_ && decision_->draws_whole) graph->draw_whole();
  return {epoch, graph, tensors_on(batch_nodes(nodes_of(epoch), batch_size_, seed_, epoch), graph->device()), {}};
}

double SampledStage::hidden_share_outside(int64_t epoch, int64_t size) const {
  const PartNodes* part = part_of(epoch);
  if (!part && batches_ == 1) return 0;  // the batch has the nodes whose labels the epoch hides
  const auto all = static_cast<double>(train_.size()), own = static_cast<double>(part ? std::ssize(part->nodes) : size);
  return std::max(0.0, (hidden_share_ * all - own) / (all - own));
}

TrainBatch SampledStage::batch(int64_t index) { return std::move(batches(index, 1).front()); }

std::vector<TrainBatch> SampledStage::batches(int64_t first, int64_t count) {
  if (!epoch_.ahead.empty()) return std::exchange(epoch_.ahead, {});
  const Timer timer(seconds_);
  return build(epoch_, first, count);
}

/// The thread of BatchesAhead may run this function. The output rows of a batch are its nodes in order, so no rows are
/// picked.
std::vector<TrainBatch> SampledStage::build(const Epoch& epoch, int64_t first, int64_t count) const {
  std::vector<NetworkInput> inputs = epoch.graph->around_each(std::span(epoch.nodes).subspan(first, count), first);
  const PartNodes* part = part_of(epoch.number);
  std::vector<TrainBatch> made;
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor& nodes = epoch.nodes[first + i];
    if (labels_)
      hide_labels(inputs[i], nodes.size(0), part ? part->part : -1, hidden_share_outside(epoch.number, nodes.size(0)),
                  random_key(seed_, Stream::kHiddenLabels, epoch.number, first + i));
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
  if (!batches_are_decided(needs_whole(), budget_))
    first = sizes_of(epoch_.graph->edges_around(begin(0, epoch_.graph).nodes.front(), 0));
  decision_ = decide_batches(sizes_, first, batches_, needs_whole(), epoch_.graph->shares_draws(), budget_);
  return *decision_;
}

NetworkInput SampledStage::timed_whole(SampledGraph& graph) {
  const Timer timer(seconds_);
  return graph.whole();
}

std::vector<NetworkInput> SampledStage::timed_around(SampledGraph& graph, std::span<const at::Tensor> nodes) {
  const Timer timer(seconds_);
  return graph.around_each(nodes);
}

}  // namespace graphsieve
