// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/experiment.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder()
      : path(fs::temp_directory_path() /
             (std::string("graphsieve-") + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(path), fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  const fs::path path;
};

std::string bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What a run may change in the process.
struct ProcessState {
  int torch_threads = at::get_num_threads();
  caffe2::TypeMeta type = c10::get_default_dtype();
  c10::Allocator* allocator = c10::GetAllocator(c10::DeviceType::CPU);
  int64_t memory = memory_limit();
  int threads = num_threads();
  bool gradients = at::GradMode::is_enabled();
  bool operator==(const ProcessState&) const = default;
};

TEST(Experiment, RunsAfterOneAnotherLeaveNothingBehind) {
  const Folder folder;
  const Dataset data = generate_minesweeper(1, 16);
  Recipe recipe = load_recipe("minesweeper");
  for (const char* setting : {"estimator.epochs=2", "network.epochs=2", "network.width=8", "network.batch_size=40"})
    apply_setting(recipe, setting);
  Observer silent;
  const ProcessState before;
  std::vector<std::string> weights;
  for (const auto& [memory, threads] :
       {std::pair(int64_t{0}, 1), std::pair(int64_t{4} << 30, 2), std::pair(int64_t{0}, 1)}) {
    set_num_threads(threads);
    RunRequest request;
    request.out = folder.path / str("run-", weights.size());
    request.memory = memory;
    run_experiment(data, recipe, request, silent);
    set_num_threads(before.threads);
    EXPECT_TRUE(ProcessState() == before) << "after run " << weights.size();
    weights.push_back(bytes(request.out / "network.safetensors"));
  }
  EXPECT_EQ(weights[0], weights[1]);
  EXPECT_EQ(weights[0], weights[2]);
}

/// Returns the lines of a CSV file without the column `label`.
std::string without_labels(const fs::path& file) {
  std::ifstream in(file);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    size_t begin = 0;
    for (int column = 0; begin <= line.size(); ++column) {
      const size_t end = std::min(line.find(',', begin), line.size());
      if (column != 2) out += line.substr(begin, end - begin) + ",";
      begin = end + 1;
    }
    out += "\n";
  }
  return out;
}

/// With labels as inputs, the labels of validation and test nodes change no weight, score or prediction, and the label
/// of a training node does not change the node's own prediction.
TEST(Experiment, LabelsAsInputsLeakNothing) {
  const Folder folder;
  const Dataset data = generate_minesweeper(1, 16);
  const Split split = data.given_splits.at(0);
  Dataset other = data;
  for (const auto* part : {&split.val, &split.test})
    for (const int32_t node : *part) other.labels.single[node] = 1 - other.labels.single[node];
  Observer silent;
  for (const char* batch_size : {"0", "40"}) {
    Recipe recipe = load_recipe("minesweeper");
    // There is one evaluation, so that validation labels have no epoch to choose.
    for (const std::string& setting :
         {std::string("data.label_inputs=true"), std::string("estimator.epochs=2"),
          std::string("estimator.eval_every=2"), std::string("network.epochs=2"), std::string("network.eval_every=2"),
          std::string("network.width=8"), "network.batch_size=" + std::string(batch_size),
          "estimator.batch_size=" + std::string(batch_size)})
      apply_setting(recipe, setting);
    std::vector<fs::path> runs;
    for (const Dataset* of : std::vector<const Dataset*>{&data, &other}) {
      RunRequest request;
      request.out = folder.path / str("labels-", batch_size, "-", runs.size());
      run_experiment(*of, recipe, request, silent);
      runs.push_back(request.out);
    }
    for (const char* file : {"estimator.safetensors", "network.safetensors", "scores/layer_0.npy", "scores/layer_3.npy",
                             "label_inputs.npy"})
      EXPECT_EQ(bytes(runs[0] / file), bytes(runs[1] / file)) << file;
    EXPECT_EQ(without_labels(runs[0] / "predictions.csv"), without_labels(runs[1] / "predictions.csv"));
  }
}

}  // namespace
}  // namespace graphsieve
