// SPDX-License-Identifier: Apache-2.0
// A network is one file: the tiny one below is added here, and everything that asks the registry knows it.
#include "graphsieve/nn/networks.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>

#include "graphsieve/base/error.h"
#include "graphsieve/compress/compress.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/plan/plan.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/report/explain.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// The standard block, which counts its calls.
class TinyBlock : public nn::BlockImpl {
 public:
  using nn::BlockImpl::BlockImpl;
  at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options,
                     uint64_t key) override {
    ++calls;
    return nn::BlockImpl::forward(h, layer, options, key);
  }
  inline static int calls = 0;
};

const nn::RegisteredNetwork tiny({
    .model = {.name = "tiny", .summary = "a network of this test", .draws_edges = true, .ffn_factor = 3},
    .form = {.type_bias = true, .root_width = true, .clamp = 4},
    .block = [](const nn::TransformerShape& shape) { return std::make_shared<TinyBlock>(shape); },
});

/// Stops after a number of epochs of the network.
struct StopsAt : Observer {
  explicit StopsAt(int64_t epochs = -1) : left(epochs) {}
  void stage(const std::string& name, int64_t) override { network = name == "network"; }
  void step(int64_t, const std::string&) override { stop = stop || (network && --left == 0); }
  bool stop_requested() override { return stop; }
  int64_t left;
  bool network = false, stop = false;
};

struct Folder {
  Folder() : path(fs::temp_directory_path() / "graphsieve-networks-test") {
    fs::remove_all(path), fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  const fs::path path;
};

Recipe tiny_recipe() {
  Recipe recipe = load_recipe("minesweeper");
  for (const char* setting : {"model=tiny", "estimator.epochs=2", "network.epochs=4", "network.width=8",
                              "network.heads=2", "network.layers=2", "network.k=4-4", "network.norm=batch"})
    apply_setting(recipe, setting);
  return recipe;
}

TEST(Networks, TheRegistryKnowsThem) {
  EXPECT_EQ(model_names(), (std::vector<std::string>{"exphormer", "plain", "spexphormer", "tiny"}));
  EXPECT_EQ(nn::network_kind("estimator").form.scale, nn::TypeScale::kSummed);
  EXPECT_EQ(model_of("tiny").clamp, 4);
  EXPECT_THROW(model_of("tinny"), Error);
  EXPECT_THROW(nn::RegisteredNetwork({.model = {.name = "tiny", .summary = ""}, .form = {}}), Error);
  EXPECT_EQ(nn::network_shape(tiny_recipe(), {.features = 3, .output = {2}}).ffn_width, 24);
}

TEST(Networks, ATinyOneTrainsResumesPlansCompressesAndExplains) {
  const Folder folder;
  Dataset data = generate_minesweeper(1, 20);
  const Recipe recipe = tiny_recipe();
  StopsAt never;
  RunRequest request;
  request.out = folder.path / "run";
  run_experiment(data, recipe, request, never);
  EXPECT_GT(TinyBlock::calls, 0) << "the registered block is the one that trains";

  RunRequest interrupted = request;
  interrupted.out = folder.path / "resumed";
  StopsAt second(2);
  EXPECT_THROW(run_experiment(data, recipe, interrupted, second), Interrupted);
  interrupted.resume = true;
  run_experiment(data, recipe, interrupted, never);
  const auto bytes = [](const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(bytes(request.out / "network.safetensors"), bytes(interrupted.out / "network.safetensors"));
  EXPECT_EQ(bytes(request.out / "predictions.csv"), bytes(interrupted.out / "predictions.csv"));

  const Plan plan = make_plan(data, recipe, {.calibrate = false}, never);
  EXPECT_EQ(plan.stages.size(), 2u);

  CompressRequest narrower;
  narrower.run = request.out, narrower.out = folder.path / "narrow";
  narrower.options.method = "fitted", narrower.options.width = 4;
  const nlohmann::json report = compress(data, narrower, never);
  EXPECT_EQ(report.at("measured").at("narrow").at("width"), 4);

  const nlohmann::json found = explain(data, {request.out, "7"}, never);
  EXPECT_EQ(found.at("model"), "tiny");
  EXPECT_EQ(found.at("layers").size(), 2u);
}

}  // namespace
}  // namespace graphsieve
