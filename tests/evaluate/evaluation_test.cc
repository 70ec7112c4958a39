// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/evaluation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/nn/forward_options.h"
#include "graphsieve/sampling/sampled_graph.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int64_t kNodes = 300;

struct Setting {
  Setting() {
    torch::manual_seed(1);
    features.dense = at::randn({kNodes, 5});
    features.rows = kNodes, features.cols = 5;
    edges.row_start = at::arange(kNodes + 1) * 8;
    edges.index = at::randint(kNodes, {kNodes * 8}).to(at::kInt);
    edges.type = at::randint(3, {kNodes * 8}).to(at::kByte);
    data.nodes = kNodes;
    data.labels.classes = 4;
    data.labels.single.assign(kNodes, 0);
    task = make_task(data, DataRecipe());
    nn::TransformerShape shape;
    shape.features = 5, shape.outputs = 4, shape.width = 8, shape.layers = 2, shape.ffn_width = 16, shape.clamp = 8;
    network = nn::Transformer(shape);
    nn::initialise(*network, 2);
    network->eval();
  }
  FeatureMatrix features;
  ops::AttentionEdges edges;
  Dataset data;
  std::unique_ptr<Task> task;
  nn::Transformer network{nullptr};
};

TEST(PredictNodes, WholeGraphOrAroundSomeNodesAgree) {
  Setting s;
  const torch::NoGradGuard no_grad;
  SampledGraph graph(s.features, ScoredGraph(s.edges, 2), {3, 3}, sampler_of("graph_uniform"), 1);
  const Predictions all = predictions_of(s.network(graph.whole(), ForwardOptions()), *s.task);
  const std::vector<int32_t> nodes = {7, 299, 0, 12, 13, 150, 41};
  GraphView view{[&] { return graph.whole(); }, [&](std::span<const Tensor> some) { return graph.around_each(some); }};
  view.lists_per_call = 2;
  for (const int64_t at_once : {0, 1, 3, 100}) {
    view.nodes_per_list = at_once;
    const Predictions p = predict_nodes(s.network, view, ForwardOptions(), nodes, *s.task);
    ASSERT_EQ(p.value.size(), nodes.size() * 4);
    for (const int32_t node : nodes) {
      double sum = 0;
      for (int c = 0; c < 4; ++c) {
        EXPECT_NEAR(p.row(node)[c], all.row(node)[c], 1e-6) << at_once;
        sum += p.row(node)[c];
      }
      EXPECT_NEAR(sum, 1, 1e-5);
    }
    EXPECT_EQ(p.row_of_node[1], -1) << "asked for the others alone";
  }
}

/// A node's predictions are the same bits at every place among the rows, and whatever the number of rows.
TEST(PredictionsOf, DoNotDependOnThePlace) {
  torch::manual_seed(3);
  for (const int64_t columns : {2, 3, 7, 40})
    for (const bool several : {false, true}) {
      Dataset data;
      data.nodes = 1;
      data.labels.classes = columns;
      data.labels.single.assign(several ? 0 : 1, 0);
      data.labels.values.assign(several ? columns : 0, 0.f);
      const auto task = make_task(data, DataRecipe());
      const Tensor outputs = at::randn({300, columns}) * 3;
      const Predictions all = predictions_of(outputs, *task);
      for (const int64_t begin : {0, 1, 5, 130})
        for (const int64_t count : {1, 2, 7, 15, 63, 64, 65, 170}) {
          const Predictions some = predictions_of(outputs.narrow(0, begin, count).contiguous(), *task);
          for (int64_t i = 0; i < count * columns; ++i)
            ASSERT_EQ(some.value[i], all.value[begin * columns + i])
                << columns << " columns, " << begin << ", " << count;
        }
    }
}

TEST(PredictNodes, WatchesOnePieceForAll) {
  Setting s;
  SampledGraph graph(s.features, ScoredGraph(s.edges, 2), {3, 3}, sampler_of("graph_uniform"), 1);
  const GraphView view{[&] { return graph.whole(); },
                       [&](std::span<const Tensor> some) { return graph.around_each(some); }, 2};
  ForwardOptions options;
  std::vector<int64_t> seen;
  options.on_part = [&](int64_t part, const Tensor&) { seen.push_back(part); };
  predict_nodes(s.network, view, options, {1, 2, 3, 4, 5}, *s.task);
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace graphsieve
