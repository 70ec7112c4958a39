// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/whole_graph_stage.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace graphsieve {

NetworkInput whole_graph_input(const PreparedData& data, const PreparedGraph& graph, int64_t layers) {
  NetworkInput input;
  input.features = &data.features;
  input.layers.assign(layers, graph.layer());
  return input;
}

at::Tensor node_tensor(const std::vector<int32_t>& nodes) {
  at::Tensor t = at::empty({static_cast<int64_t>(nodes.size())}, at::kLong);
  std::copy(nodes.begin(), nodes.end(), t.mutable_data_ptr<int64_t>());
  return t;
}

WholeGraphStage::WholeGraphStage(std::string name, const StageContext& context, const PreparedGraph& graph,
                                 int64_t layers, std::function<double(int64_t)> temperature)
    : name_(std::move(name)),
      input_(whole_graph_input(context.data, graph, layers)),
      train_(node_tensor(context.split.train).to(context.data.device)),
      temperature_(std::move(temperature)) {}

}  // namespace graphsieve
