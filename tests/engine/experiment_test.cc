// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/experiment.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

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
  Folder() : path(fs::temp_directory_path() / "graphsieve-experiment-test") {
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

}  // namespace
}  // namespace graphsieve
