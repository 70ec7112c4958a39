// SPDX-License-Identifier: Apache-2.0
// Training with every node and edge in each step: for the estimator, the full Exphormer and the plain transformer.
#pragma once

#include <functional>

#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Returns the input with which every layer takes all nodes and all edges of the attention graph.
NetworkInput whole_graph_input(const PreparedData& data, const PreparedGraph& graph, int64_t layers);

/// A stage that trains on the whole graph: an epoch is one batch of all nodes. `temperature` returns the temperature τ
/// of an epoch. If labels are inputs, each epoch hides the labels of a share of the training nodes, and its loss is on
/// these nodes.
class WholeGraphStage : public Stage {
 public:
  WholeGraphStage(std::string name, const StageContext& context, const PreparedGraph& graph, int64_t layers,
                  std::function<double(int64_t)> temperature);
  std::string name() const override { return name_; }
  int64_t begin_epoch(int64_t epoch) override;
  TrainBatch batch(int64_t) override { return {step_input_, targets_, targets_.to(at::kInt)}; }
  GraphView evaluation() override {
    return {[this] { return input_; }};
  }
  double temperature(int64_t epoch) const override { return temperature_(epoch); }

 private:
  std::string name_;
  NetworkInput input_, step_input_;  ///< inputs of an evaluation and of a step, which differ in the labels they show
  at::Tensor targets_;               ///< int64, the nodes that the step's loss is on
  double hidden_share_;
  uint64_t seed_;
  std::function<double(int64_t)> temperature_;
};

/// Returns node ids as an int64 tensor on the CPU, for indexing.
at::Tensor node_tensor(const std::vector<int32_t>& nodes);

}  // namespace graphsieve
