// SPDX-License-Identifier: Apache-2.0
// Both stages on a device against the same on the CPU: where every part lies, what waits for what, and that the numbers
// are the same. The device is the tests' own (host_device.h), so the adapters and kernels of GPUs are what computes.
#include <gtest/gtest.h>
#include <torch/torch.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/runtime/side_stream.h"
#include "host_device.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Without maps whose bias a BatchNorm takes away again: its gradient is rounding alone, which Adam makes a step of,
/// and in evaluation, whose statistics lag behind, such biases count. Scores, draws and metrics would differ by more
/// than rounding.
Recipe small_recipe(const std::vector<std::string>& settings = {}) {
  Recipe recipe;
  for (const char* setting :
       {"estimator.epochs=3", "estimator.layers=2", "estimator.warmup=1", "estimator.pre_layers=0",
        "network.norm=graph", "network.epochs=3", "network.layers=2", "network.k=3", "network.width=8",
        "network.heads=2", "network.warmup=1", "graph.expander_degree=2", "graph.expander_tries=0",
        "estimator.norms_every=2", "network.norms_every=2"})
    apply_setting(recipe, setting);
  for (const std::string& setting : settings) apply_setting(recipe, setting);
  resolve_recipe(recipe);
  return recipe;
}

/// Minesweeper with features that leave no two nodes alike: no order of predictions hangs on the last bit.
Dataset small_graph() {
  Dataset data = generate_minesweeper(1, 10);
  for (size_t i = 0; i < data.features.dense.size(); ++i) data.features.dense[i] += static_cast<float>(normal(9, i));
  return data;
}

/// Notes are kept; asks to stop after some questions.
class Listener : public Observer {
 public:
  void note(const std::string& text) override { notes += text + "\n"; }
  bool stop_requested() override { return stop_after >= 0 && asked++ >= stop_after; }
  std::string notes;
  int64_t stop_after = -1, asked = 0;
};

class DeviceTraining : public testing::Test {
 protected:
  void SetUp() override {
    host_device::install();
    set_num_threads(2);
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / str("graphsieve-device-", test->name(), "-", getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    offences_ = host_device::offences();
  }
  void TearDown() override {
    EXPECT_EQ(host_device::offences(), offences_);
    host_device::pretend_free(0);
    fs::remove_all(folder_);
  }

  RunRequest request(const std::string& device) const {
    RunRequest r;
    r.out = folder_ / device;
    r.seed = 3, r.device = device;
    return r;
  }

  void run(const Recipe& recipe, const std::string& device) {
    run_experiment(data_, recipe, request(device), listener_);
  }

  Json result(const std::string& device) const { return Json::parse(read_text_file(folder_ / device / "result.json")); }

  std::vector<Json> metrics(const std::string& device) const {
    std::ifstream file(folder_ / device / "metrics.jsonl");
    std::vector<Json> all;
    for (std::string line; std::getline(file, line);) all.push_back(Json::parse(line));
    return all;
  }

  /// Everything that a run says, on both: losses and norms within `tolerance`, relative.
  void expect_same(double tolerance, int64_t epochs) const {
    const auto cpu = metrics("cpu"), there = metrics(host_device::kName);
    ASSERT_EQ(static_cast<int64_t>(cpu.size()), epochs);
    ASSERT_EQ(there.size(), cpu.size());
    for (size_t i = 0; i < cpu.size(); ++i) {
      for (const char* key : {"loss", "grad_norm"}) {
        const double a = cpu[i].at(key), b = there[i].at(key);
        EXPECT_NEAR(a, b, tolerance * std::abs(a)) << key << " of line " << i;
      }
      EXPECT_EQ(cpu[i].contains("operator_norms"), there[i].contains("operator_norms"));
    }
    const double a = result("cpu").at("test_mean"), b = result(host_device::kName).at("test_mean");
    EXPECT_NEAR(a, b, 100 * tolerance * std::max(1.0, a));
    const Json of_network = result(host_device::kName).at("runs").at(0).at("network");
    EXPECT_GT(of_network.at("peak_device_bytes"), 0);
    EXPECT_EQ(result("cpu").at("runs").at(0).at("network").at("peak_device_bytes"), 0);
  }

  std::string file(const std::string& device, const char* name) const {
    return read_text_file(folder_ / device / name);
  }

  Dataset data_ = small_graph();
  fs::path folder_;
  Listener listener_;
  int64_t offences_ = 0;
};

TEST_F(DeviceTraining, BothStagesAsOnTheCpu) {
  const Recipe recipe = small_recipe();
  run(recipe, "cpu");
  run(recipe, host_device::kName);
  expect_same(1e-4, 6);
}

TEST_F(DeviceTraining, BatchesOfBothStagesOnAStreamOfTheirOwn) {
  const Recipe recipe = small_recipe({"estimator.batch_size=16", "estimator.fan_out=3", "network.batch_size=16"});
  run(recipe, "cpu");
  const int64_t before = host_device::side_work();
  run(recipe, host_device::kName);
  EXPECT_GT(host_device::side_work(), before);
  expect_same(1e-4, 6);
}

TEST_F(DeviceTraining, DrawsForEachBatchAndBalancedClasses) {
  const Recipe recipe = small_recipe({"network.sampler=batch_reservoir", "network.batch_size=20",
                                      "data.class_weights=balanced", "data.two_classes=two_logits"});
  run(recipe, "cpu");
  run(recipe, host_device::kName);
  expect_same(1e-4, 6);
}

TEST_F(DeviceTraining, TheFullGraph) {
  for (const char* model : {"exphormer", "plain"}) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const Recipe recipe = small_recipe({std::string("model=") + model, "graph.directed=true"});
    run(recipe, "cpu");
    run(recipe, host_device::kName);
    expect_same(1e-4, 3);
  }
}

TEST_F(DeviceTraining, FeaturesStayInTheHostsMemoryWhereTheyDoNotFit) {
  const Recipe recipe = small_recipe({"network.batch_size=16"});
  run(recipe, "cpu");
  host_device::pretend_free(100);
  run(recipe, host_device::kName);
  EXPECT_NE(listener_.notes.find("they stay in the host's"), std::string::npos);
  expect_same(1e-4, 6);
}

TEST_F(DeviceTraining, TheSameBitsAgainAndAfterAnInterruption) {
  const Recipe recipe = small_recipe({"network.batch_size=16"});
  RunRequest once = request(host_device::kName), again = once;
  run_experiment(data_, recipe, once, listener_);
  again.out = folder_ / "again";
  again.checkpoint_minutes = 0;
  listener_.stop_after = 12;
  EXPECT_THROW(run_experiment(data_, recipe, again, listener_), Interrupted);
  listener_.stop_after = -1;
  again.resume = true;
  RunRequest elsewhere = again;
  elsewhere.device = "cpu";
  EXPECT_THROW(run_experiment(data_, recipe, elsewhere, listener_), Error);
  run_experiment(data_, recipe, again, listener_);
  for (const char* name : {"metrics.jsonl", "predictions.csv", "estimator.safetensors", "network.safetensors"})
    EXPECT_EQ(file(host_device::kName, name), file("again", name)) << name;
}

TEST_F(DeviceTraining, PredictsThere) {
  const Recipe recipe = small_recipe();
  run(recipe, "cpu");
  for (const char* device : {"cpu", host_device::kName}) {
    PredictRequest ask;
    ask.run = folder_ / "cpu", ask.out = folder_ / str("of-", device, ".csv"),
    ask.embeddings = folder_ / str("of-", device, ".npy");
    ask.device = device;
    predict(small_graph(), ask, listener_);
  }
  const NodePredictions here = predict_nodes(small_graph(), folder_ / "cpu", listener_);
  const NodePredictions there = predict_nodes(small_graph(), folder_ / "cpu", listener_, host_device::kName);
  ASSERT_EQ(here.probabilities.size(), there.probabilities.size());
  for (size_t i = 0; i < here.probabilities.size(); ++i)
    EXPECT_NEAR(here.probabilities[i], there.probabilities[i], 1e-5);
  EXPECT_EQ(fs::file_size(folder_ / "of-cpu.npy"), fs::file_size(folder_ / str("of-", host_device::kName, ".npy")));
}

TEST_F(DeviceTraining, InReducedPrecisionAndRecomputed) {
  const Recipe recipe = small_recipe({"network.precision=bfloat16", "network.recompute=true", "network.batch_size=16"});
  run(recipe, "cpu");
  run(recipe, host_device::kName);
  expect_same(2e-2, 6);
}

TEST_F(DeviceTraining, SaysWhatTakesLessMemory) {
  Listener listener;
  const Recipe recipe = small_recipe({"model=exphormer", "network.width=16384"});
  try {
    run_experiment(data_, recipe, request(host_device::kName), listener);
    FAIL() << "two gibibytes fit";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("network.recompute"), std::string::npos) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
  }
  EXPECT_FALSE(fs::exists(folder_ / host_device::kName));
}

TEST(Device, NamesAreChecked) {
  const auto message = [](const std::string& name) {
    try {
      compute_device(name);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message("cpu"), "");
  EXPECT_EQ(message("gpu"), "device is 'gpu', expected cpu, cuda, or cuda:N");
  for (const std::string name : {"cuda:256", "cuda:999", "cuda:-1", "cpu:0"})
    EXPECT_EQ(message(name), "device is '" + name + "', expected cpu, cuda, or cuda:N");
  EXPECT_EQ(message("meta"), "device is 'meta', expected cpu, cuda, or cuda:N");
  EXPECT_EQ(message(""), "device is '', expected cpu, cuda, or cuda:N");
  if (!at::hasCUDA()) {  // which reason is given depends on the build
    const std::string why = message("cuda");
    EXPECT_TRUE(why.find("without kernels for GPUs") != std::string::npos ||
                why.find("without CUDA") != std::string::npos)
        << why;
  }
  host_device::install();
  EXPECT_EQ(message(host_device::kName), "");
  EXPECT_NE(message("host_device:3").find("there is 1 GPU"), std::string::npos) << message("host_device:3");
}

/// That the device of the tests finds what is done wrong.
TEST(Device, TheStreamsOrderIsChecked) {
  host_device::install();
  const at::Device device = compute_device(host_device::kName);
  const int64_t before = host_device::offences();
  const at::Tensor shared = at::ones({4}, device);
  SideStream side(device);
  at::Tensor made, doubled;
  {
    const SideStream::Current here(side);
    made = shared + 1;
  }
  doubled = made * 2;  // without waiting
  const int64_t once = host_device::offences();
  EXPECT_GT(once, before);
  SideStream::wait_for(side.hand_over({made}));
  doubled = made * 2;
  EXPECT_EQ(host_device::offences(), once);
  {
    const SideStream::Current here(side);
    at::Tensor lost = shared + 1;
    SideStream::wait_for(nullptr);
    made = lost;
  }
  SideStream::wait_for(side.mark());
  doubled = made * 2;
  made = at::Tensor();  // freed without being handed over
  EXPECT_GT(host_device::offences(), once);
  EXPECT_EQ(doubled.cpu().sum().item<float>(), 16);
  EXPECT_THROW(at::ones({4}) + shared, c10::Error);  // one of the host, one of the device
}

TEST(SideStream, IsNothingOnTheCpu) {
  SideStream side(at::kCPU);
  const SideStream::Current here(side);
  EXPECT_EQ(side.mark(), nullptr);
  EXPECT_EQ(side.hand_over({at::ones({1})}), nullptr);
  SideStream::wait_for(nullptr);
}

}  // namespace
}  // namespace graphsieve
