// SPDX-License-Identifier: Apache-2.0
// Training with every node and edge in each step: the estimator, the full Exphormer, the plain transformer.
#pragma once

#include <functional>

#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Input that runs every layer over the whole attention graph.
NetworkInput whole_graph_input(const PreparedData& data, const PreparedGraph& graph, int64_t layers);

/// Training on the whole graph: an epoch is one batch of all nodes.
class WholeGraphStage : public Stage {
 public:
  WholeGraphStage(std::string name, const StageContext& context, const PreparedGraph& graph, int64_t layers,
                  std::function<double(int64_t)> temperature);
  std::string name() const override { return name_; }
  int64_t begin_epoch(int64_t) override { return 1; }
  TrainBatch batch(int64_t) override { return {input_, train_, train_}; }
  GraphView evaluation() override {
    return {[this] { return input_; }};
  }
  double temperature(int64_t epoch) const override { return temperature_(epoch); }

 private:
  std::string name_;
  NetworkInput input_;
  at::Tensor train_;
  std::function<double(int64_t)> temperature_;
};

/// Node ids as int64, for indexing.
at::Tensor node_tensor(const std::vector<int32_t>& nodes);

}  // namespace graphsieve
