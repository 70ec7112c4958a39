// SPDX-License-Identifier: Apache-2.0
// Training by mini-batches on a sampled graph: for the estimator if a step on the whole graph is too large, and for
// Spexphormer.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/policy.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// A stage that cuts the training nodes of each epoch into batches. If the draws depend on labels
/// (SampledGraph::label_parts()), an epoch has the training nodes of one part, whose labels neither the draws nor the
/// batches show; the parts take turns. Subclasses provide `evaluation()` and `temperature()`. The seed keys the order
/// of the training nodes. All arguments of the constructor must outlive the stage.
class SampledStage : public Stage {
 public:
  SampledStage(std::string name, SampledGraph graph, const GraphSizes& sizes, const StageContext& context,
               int64_t batch_size, uint64_t seed);
  ~SampledStage() override;

  std::string name() const override { return name_; }
  bool can_work_ahead() const override { return true; }
  int64_t begin_epoch(int64_t epoch) override;
  TrainBatch batch(int64_t index) override;
  int64_t batches_per_call() override { return decision_->batches_per_call; }
  std::vector<TrainBatch> batches(int64_t first, int64_t count) override;
  /// Builds the epoch ahead if it has one batch and works_beside() allows it.
  void expect_epoch(int64_t epoch) override;
  double sampling_seconds() const override { return seconds_; }

  void add_figures(StageFigures& figures) const override;

  /// Returns the decision how batches are made. The first call builds the edges of one batch if the decision depends on
  /// the sizes of a batch.
  const BatchDecision& decision();

 protected:
  /// An epoch: its draws and its batches.
  struct Epoch {
    int64_t number;
    std::shared_ptr<SampledGraph> graph;  ///< an evaluation may hold it while a later epoch has another graph
    std::vector<at::Tensor> nodes;        ///< nodes of each batch, int32
    std::vector<TrainBatch> ahead;        ///< the batches, if they were built ahead
  };
  /// Adds its lifetime to the seconds of sampling.
  struct Timer;

  Epoch epoch_;  ///< the epoch that was begun last
  const GraphSizes sizes_;

  /// True if the edges of all nodes must be drawn at the beginning of an epoch (whole_is_needed()). Otherwise they are
  /// drawn at the beginning only if this is less work than drawing edges for each batch.
  virtual bool needs_whole() { return false; }
  /// Return the inputs that SampledGraph::whole() and around_each() return, and add the time to sampling_seconds().
  NetworkInput timed_whole(SampledGraph& graph);
  std::vector<NetworkInput> timed_around(SampledGraph& graph, std::span<const at::Tensor> nodes);

 private:
  /// Returns the part of an epoch; null if epochs have nodes of all parts.
  const PartNodes* part_of(int64_t epoch) const { return parts_.empty() ? nullptr : &parts_[epoch % parts_.size()]; }
  /// Begins the epoch in the graph, and cuts the epoch's training nodes into batches, on the graph's device.
  Epoch begin(int64_t epoch, std::shared_ptr<SampledGraph> graph) const;
  /// Builds the batches first, …, first + count − 1 of an epoch.
  std::vector<TrainBatch> build(const Epoch& epoch, int64_t first, int64_t count) const;
  /// Returns the training nodes of an epoch.
  std::vector<int32_t> nodes_of(int64_t epoch) const;
  /// Returns the share of the other training nodes whose labels a batch of `size` nodes hides too. Together with the
  /// nodes whose labels are hidden anyway, the batch's own and those of the epoch's part, they are the recipe's share
  /// of all training nodes.
  double hidden_share_outside(int64_t epoch, int64_t size) const;

  std::optional<BatchDecision> decision_;
  const std::string name_;
  const std::vector<int32_t>& train_;
  const int64_t batch_size_;
  const LabelInputs* const labels_;  ///< labels that are inputs; null: none are
  const double hidden_share_;        ///< share of the training nodes whose labels a batch hides, if labels are inputs
  const uint64_t seed_;
  const std::vector<PartNodes> parts_;  ///< the parts whose nodes the epochs have in turn; empty: epochs have all nodes
  const int64_t batches_;               ///< number of batches of an epoch
  const MemoryBudget budget_;
  std::future<Epoch> next_;          ///< the epoch that is built ahead
  std::atomic<double> seconds_ = 0;  ///< sum of the seconds of sampling; threads that build ahead add to it too
};

}  // namespace graphsieve
