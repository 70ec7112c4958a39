// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/label_inputs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/train/sampled_stage.h"
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
  hide_labels(batch, 100, -1, 0.3, 5);
  EXPECT_GE(batch.labels->position[0].item<int64_t>(), 100);
  EXPECT_NEAR(static_cast<double>(batch.labels->position.numel()), 3900 * 0.7, 120);
  hide_labels(batch, 100, 2, 0.3, 5);
  EXPECT_NEAR(static_cast<double>(batch.labels->position.numel()), 3900 * 0.75 * 0.7, 120);
  for (int64_t i = 0; i < batch.labels->position.numel(); ++i)
    EXPECT_NE(label_part(static_cast<int32_t>(batch.labels->position[i].item<int64_t>())), 2);
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

/// A run of both stages on a small graph, with labels as inputs, that was loaded again.
struct LabelledRun {
  LabelledRun() : data(generate_minesweeper(1, 16)) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    Recipe recipe = load_recipe("minesweeper");
    for (const char* setting : {"data.label_inputs=true", "estimator.epochs=2", "network.epochs=2", "network.width=8",
                                "network.eval_draws=2"})
      apply_setting(recipe, setting);
    RunRequest request;
    request.out = folder / "run";
    run_experiment(data, recipe, request, silent);
    run.emplace(request.out, data, silent);
  }
  ~LabelledRun() { fs::remove_all(folder); }

  /// Shows other labels, and gives the run the scores that its estimator computes from them.
  void show(const at::Tensor& labels) {
    const torch::NoGradGuard no_grad;
    run->prepared.show_labels(train(), labels);
    nn::Transformer estimator = run->estimator();
    run->scores = attention_scores(estimator, 1, whole_graph_input(run->prepared, run->graph, estimator->layers()));
  }
  const std::vector<int32_t>& train() const { return data.given_splits.at(0).train; }

  const fs::path folder = fs::temp_directory_path() / str("graphsieve-label-inputs-test-", getpid());
  Observer silent;
  Dataset data;
  const TorchSettings torch_settings;
  std::optional<LoadedRun> run;
};

void expect_same(const LayerScores& a, const LayerScores& b, bool same) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t l = 1; l < a.size(); ++l) EXPECT_EQ(at::equal(a[l], b[l]), same) << "layer " << l;
}

/// A node's own label changes neither its prediction nor the scores of its part; others' predictions and the scores of
/// other passes it does change.
TEST(LabelInputs, ANodesOwnLabelIsHiddenFromItsPredictionAndItsScores) {
  LabelledRun labelled;
  LoadedRun& run = *labelled.run;
  const torch::NoGradGuard no_grad;
  const std::vector<int32_t>& train = labelled.train();
  const at::Tensor shown = run.training.label_inputs;
  const EdgeScores scores_before = run.scores;
  ASSERT_EQ(std::ssize(scores_before.hiding), kLabelParts);
  const auto all_before = run.predictions(train);
  for (const int64_t row : {0, 5, 17}) {
    at::Tensor flipped = shown.clone();
    flipped[row] = 1 - flipped[row];
    labelled.show(flipped);
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
    expect_same(run.scores.shown, scores_before.shown, false);
    for (int part = 0; part < kLabelParts; ++part)
      expect_same(run.scores.hiding[part], scores_before.hiding[part], part == label_part(node));
  }
  // The hidden vectors of all nodes give the predictions of lists of nodes.
  labelled.show(shown);
  NetworkEdges edges = run.edges();
  edges.average_draws(0, 1, false);
  const at::Tensor hidden = edges.hidden(run.network, run.best_epoch());
  const std::vector<int32_t> nodes = all_nodes(labelled.data.nodes);
  const auto from_hidden = predict_nodes(run.network, rows_in(hidden), nodes, *run.task);
  const auto direct = edges.predictions(run.network, *run.task, run.best_epoch(), nodes);
  for (size_t i = 0; i < direct.value.size(); ++i) EXPECT_NEAR(direct.value[i], from_hidden.value[i], 1e-6);
}

/// The training steps of a network that draws edges.
class Steps : public SampledStage {
 public:
  Steps(const StageContext& context, const NetworkEdges& edges, int64_t batch_size)
      : SampledStage("network", edges.sampled(), edges.sizes(), context, batch_size, context.seed) {}
  GraphView evaluation() override { return {}; }
  double temperature(int64_t) const override { return 1; }
};

/// The labels that count in a step's loss change nothing of what the step sees: neither the labels that it shows nor,
/// by the scores, its edges.
TEST(LabelInputs, LabelsThatCountInALossDoNotChangeItsStep) {
  LabelledRun labelled;
  LoadedRun& run = *labelled.run;
  const at::Tensor shown = run.training.label_inputs;
  const Split& split = labelled.data.given_splits.at(0);
  const StageContext context{run.prepared, *run.task, split, run.folder.recipe, 3, labelled.silent, {}, {}};
  for (const int64_t batch_size : {0, 20}) {
    std::set<int> parts;
    for (int64_t epoch = 0; epoch < kLabelParts; ++epoch) {
      labelled.show(shown);
      const NetworkEdges edges = run.edges();
      Steps steps(context, edges, batch_size);
      const int64_t batches = steps.begin_epoch(epoch);
      for (int64_t b = 0; b < batches; ++b) {
        const TrainBatch before = steps.batch(b);
        at::Tensor flipped = shown.clone();
        int64_t moved = 0;
        for (size_t i = 0; i < split.train.size(); ++i)
          if ((before.nodes == split.train[i]).any().item<bool>()) flipped[i] = 1 - flipped[i], ++moved;
        EXPECT_EQ(moved, before.nodes.numel());
        parts.insert(label_part(static_cast<int32_t>(before.nodes[0].item<int64_t>())));
        labelled.show(flipped);
        const NetworkEdges other = run.edges();
        Steps again(context, other, batch_size);
        ASSERT_EQ(again.begin_epoch(epoch), batches);
        const TrainBatch after = again.batch(b);
        EXPECT_TRUE(at::equal(after.nodes, before.nodes));
        EXPECT_TRUE(at::equal(after.input.labels->position, before.input.labels->position));
        EXPECT_TRUE(at::equal(after.input.labels->row, before.input.labels->row));
        EXPECT_GT(after.input.labels->row.numel(), 0);
        for (size_t l = 0; l < after.input.layers.size(); ++l)
          EXPECT_TRUE(at::equal(after.input.layers[l].edges.index, before.input.layers[l].edges.index)) << l;
        labelled.show(shown);
      }
    }
    EXPECT_EQ(std::ssize(parts), kLabelParts);
  }
  // Draws by the scores of a pass that shows all labels do depend on them.
  const auto drawn = [&](const at::Tensor& labels) {
    labelled.show(labels);
    run.scores.hiding.clear();
    const NetworkEdges edges = run.edges();
    Steps steps(context, edges, 0);
    steps.begin_epoch(0);
    return steps.batch(0).input.layers.back().edges.index;
  };
  EXPECT_FALSE(at::equal(drawn(shown), drawn(1 - shown)));
}

}  // namespace
}  // namespace graphsieve
