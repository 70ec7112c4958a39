// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/whole_graph_stage.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/base/random.h"

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
      step_input_(input_),
      targets_(node_tensor(context.split.train).to(context.data.device)),
      hidden_share_(context.recipe.data.hidden_share),
      seed_(context.seed),
      temperature_(std::move(temperature)) {}

int64_t WholeGraphStage::begin_epoch(int64_t epoch) {
  const LabelInputs* labels = input_.features->labels.get();
  if (!labels) return 1;
  const std::vector<int32_t> hidden =
      hidden_nodes(*labels, hidden_share_, random_key(seed_, Stream::kHiddenLabels, epoch));
  targets_ = node_tensor(hidden).to(targets_.device());
  step_input_.labels =
      labels_of(input_, [&](int64_t, int32_t node) { return std::binary_search(hidden.begin(), hidden.end(), node); });
  return 1;
}

}  // namespace graphsieve
