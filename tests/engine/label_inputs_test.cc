// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/label_inputs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// Labels of every second of ten nodes.
FeatureMatrix labelled_features() {
  FeatureMatrix features;
  features.rows = 10;
  features.labels = std::make_shared<LabelInputs>(
      make_label_inputs({1, 3, 5, 7, 9}, at::arange(5).unsqueeze(1).to(at::kFloat), 10, at::kCPU));
  return features;
}

TEST(LabelInputs, AreFoundByNodeAndHiddenByTheCaller) {
  const FeatureMatrix features = labelled_features();
  NetworkInput whole;
  whole.features = &features;
  const ShownLabels all = labels_of(whole);
  EXPECT_TRUE(at::equal(all.position, at::tensor({1, 3, 5, 7, 9}, at::kLong)));
  EXPECT_TRUE(at::equal(all.row, at::tensor({0, 1, 2, 3, 4}, at::kLong)));
  NetworkInput batch = whole;
  batch.rows = at::tensor({9, 0, 3, 1}, at::kInt);
  const ShownLabels some = labels_of(batch, [](int64_t position, int32_t node) { return position == 0 || node == 1; });
  EXPECT_TRUE(at::equal(some.position, at::tensor({2}, at::kLong)));
  EXPECT_TRUE(at::equal(some.row, at::tensor({1}, at::kLong)));
}

TEST(LabelInputs, ABatchHidesItsTargetsAndAShareOfTheOthers) {
  FeatureMatrix features;
  features.rows = 4000;
  std::vector<int32_t> nodes = all_nodes(4000);
  features.labels = std::make_shared<LabelInputs>(make_label_inputs(nodes, at::ones({4000, 1}), 4000, at::kCPU));
  NetworkInput batch;
  batch.features = &features;
  batch.rows = at::arange(4000, at::kInt);
  hide_labels(batch, 100, 0.3, 5);
  EXPECT_GE(batch.labels->position[0].item<int64_t>(), 100);
  EXPECT_NEAR(static_cast<double>(batch.labels->position.numel()), 3900 * 0.7, 120);
  const std::vector<int32_t> hidden = hidden_nodes(*features.labels, 0.3, 5);
  EXPECT_NEAR(static_cast<double>(hidden.size()), 4000 * 0.3, 120);
  EXPECT_EQ(hidden_nodes(*features.labels, 1e-9, 5).size(), 1U);
  const std::vector<int32_t> three = hidden_nodes(*features.labels, 1e-9, 5, 3);
  EXPECT_EQ(three.size(), 3U);
  EXPECT_TRUE(std::is_sorted(three.begin(), three.end()));
  EXPECT_EQ(hidden_nodes(*labelled_features().labels, 1e-9, 5, 30).size(), 5U);
  EXPECT_NE(hidden_nodes(*features.labels, 0.3, 6), hidden);
}

TEST(LabelInputs, PartsDivideTheNodesEvenly) {
  std::map<int, int> count;
  for (int32_t node = 0; node < 8000; ++node) ++count[label_part(node)];
  ASSERT_EQ(count.size(), static_cast<size_t>(kLabelParts));
  for (const auto& [part, nodes] : count) EXPECT_NEAR(nodes, 8000 / kLabelParts, 200);
}

/// Nodes' own labels change neither their predictions nor the scores of their in-edges; others' labels do.
TEST(LabelInputs, ANodesOwnLabelIsHiddenFromItsPredictionAndItsScores) {
  const fs::path folder = fs::temp_directory_path() / "graphsieve-label-inputs-test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  Recipe recipe = load_recipe("minesweeper");
  for (const char* setting :
       {"data.label_inputs=true", "estimator.epochs=2", "network.epochs=2", "network.width=8", "network.eval_draws=2"})
    apply_setting(recipe, setting);
  Observer silent;
  RunRequest request;
  request.out = folder / "run";
  Dataset data = generate_minesweeper(1, 16);
  run_experiment(data, recipe, request, silent);
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  LoadedRun run(request.out, data, silent);
  const auto scores = [&] {
    nn::Transformer estimator = run.estimator();
    return attention_scores(estimator, 1, whole_graph_input(run.prepared, run.graph, estimator->layers()));
  };
  std::vector<int32_t> train = data.given_splits.at(0).train;
  const at::Tensor shown = run.training.label_inputs;
  const auto all_before = run.predictions(train);
  const auto scores_before = scores();
  for (const int64_t row : {0, 5, 17}) {
    at::Tensor flipped = shown.clone();
    flipped[row] = 1 - flipped[row];
    run.prepared.show_labels(train, flipped);
    const auto after = run.predictions(train);
    const int32_t node = train[row];
    bool others_moved = false;
    for (const int32_t other : train) {
      const bool same = std::equal(after.row(other), after.row(other) + 2, all_before.row(other));
      if (other == node) {
        EXPECT_TRUE(same);
      }
      others_moved |= !same;
    }
    EXPECT_TRUE(others_moved);
    const auto scores_after = scores();
    const auto* start = run.graph.host_edges.row_start.const_data_ptr<int64_t>();
    for (size_t l = 0; l < scores_after.size(); ++l)
      EXPECT_TRUE(at::equal(scores_after[l].slice(0, start[node], start[node + 1]),
                            scores_before[l].slice(0, start[node], start[node + 1])));
    EXPECT_FALSE(at::equal(scores_after[1], scores_before[1]));
  }
  // The hidden vectors of all nodes give the predictions of lists of nodes.
  run.prepared.show_labels(train, shown);
  NetworkEdges edges = run.edges();
  edges.average_draws(0, 1, false);
  const at::Tensor hidden = edges.hidden(run.network, run.best_epoch());
  const std::vector<int32_t> nodes = all_nodes(data.nodes);
  const auto from_hidden = predict_nodes(run.network, rows_in(hidden), nodes, *run.task);
  const auto direct = edges.predictions(run.network, *run.task, run.best_epoch(), nodes);
  for (size_t i = 0; i < direct.value.size(); ++i) EXPECT_NEAR(direct.value[i], from_hidden.value[i], 1e-6);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace graphsieve
