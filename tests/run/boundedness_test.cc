// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/boundedness.h"

#include <gtest/gtest.h>

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// Epochs whose operators and inputs have these norms.
std::vector<NormsOfEpoch> epochs_of(const std::vector<double>& operators, const std::vector<double>& inputs) {
  std::vector<NormsOfEpoch> epochs;
  for (size_t i = 0; i < operators.size(); ++i)
    epochs.push_back({static_cast<int64_t>(i), {{"operators", operators[i]}, {"inputs", inputs[i]}}});
  return epochs;
}

TEST(Boundedness, SettledAndGrowing) {
  const Json settled = boundedness(epochs_of({1, 2, 3, 3.1, 3.2}, {9, 5, 4, 4, 4}));
  EXPECT_EQ(settled["verdict"], "settled");
  EXPECT_EQ(settled["beta"], 3.2);
  EXPECT_EQ(settled["alpha"], 81);
  EXPECT_EQ(settled["norms"][0]["half"], 3);
  EXPECT_NEAR(settled["norms"][0]["growth"].get<double>(), 3.2 / 3 - 1, 1e-12);
  const Json growing = boundedness(epochs_of({1, 2, 3, 3.1, 3.2}, {1, 2, 4, 8, 16}));
  EXPECT_EQ(growing["verdict"], "growing");
  EXPECT_NE(
      growing["sentence"].get<std::string>().find("Still growing: lengths of the vectors that enter the attention"),
      std::string::npos);
  EXPECT_EQ(growing["sentence"].get<std::string>().find("Still growing: operator"), std::string::npos);
}

TEST(Boundedness, TheNetworkItselfCounts) {
  NormsOfEpoch network;  // between two records
  network.largest["operators"] = 5;
  const Json with = boundedness(epochs_of({1, 2, 3, 3.1, 3.2}, {9, 5, 4, 4, 4}), network);
  EXPECT_EQ(with["beta"], 5);
  EXPECT_EQ(with["alpha"], 81);
  EXPECT_EQ(with["verdict"], "settled");
}

TEST(Boundedness, TooFewEpochsAndMissingKinds) {
  EXPECT_EQ(boundedness({})["verdict"], "unknown");
  EXPECT_EQ(boundedness(epochs_of({1, 2, 3}, {1, 2, 3}))["verdict"], "unknown");
  auto epochs = epochs_of({1, 1, 1, 1}, {1, 2, 3, 4});
  epochs[2].largest.erase("inputs");  // a number that was not finite
  EXPECT_EQ(boundedness(epochs)["norms"].size(), 1U);
}

TEST(Boundedness, NormsOfALine) {
  const Json line = {{"epoch", 3},
                     {"operator_norms", {{"a", 1.5}, {"b", nullptr}}},
                     {"vector_norms", {9, 9}},
                     {"vector_norms_max", {2, 4}}};
  const NormsOfEpoch norms = norms_of(JsonObject(line, "line"));
  EXPECT_EQ(norms.epoch, 3);
  EXPECT_EQ(norms.largest, (std::map<std::string, double>{{"inputs", 4}, {"operators", 1.5}}));
}

}  // namespace
}  // namespace graphsieve
