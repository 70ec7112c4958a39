// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>

#include "graphsieve/base/error.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// A loaded model answers for any nodes, in their order and more than once, as predict_nodes() does for all nodes; on
/// the graph that it was trained on, and on another one.
TEST(LoadedModel, PredictsSomeNodesOfALoadedGraph) {
  const fs::path folder = fs::temp_directory_path() / "graphsieve-loaded-model-test";
  fs::remove_all(folder);
  Recipe recipe = load_recipe("minesweeper");
  for (const char* setting : {"estimator.epochs=2", "network.epochs=2", "network.width=8"})
    apply_setting(recipe, setting);
  Observer silent;
  RunRequest request;
  request.out = folder / "run";
  fs::create_directories(folder);
  run_experiment(generate_minesweeper(1, 20), recipe, request, silent);
  for (const uint64_t seed : {1, 2}) {
    const NodePredictions all = predict_nodes(generate_minesweeper(seed, 20), request.out, silent);
    LoadedModel model(generate_minesweeper(seed, 20), request.out, silent);
    ASSERT_EQ(model.nodes(), 400);
    ASSERT_EQ(model.columns(), 2);
    const std::vector<std::vector<int32_t>> asked = {{7}, {399, 0, 7, 0}, {}, {7}};
    for (const std::vector<int32_t>& nodes : asked) {
      const std::vector<float> p = model.predict(nodes);
      ASSERT_EQ(p.size(), 2 * nodes.size());
      for (size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(p[i], all.probabilities[2 * nodes[i / 2] + i % 2], 1e-6);
    }
    EXPECT_THROW(model.predict({400}), Error);
    EXPECT_THROW(model.predict({-1}), Error);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace graphsieve
