// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace graphsieve {
namespace {

TrainRecipe recipe(int64_t epochs, int64_t warmup) {
  TrainRecipe r;
  r.lr = 0.01;
  r.epochs = epochs;
  r.warmup = warmup;
  return r;
}

TEST(LearningRate, WarmsUpFromNearlyNothingInAStraightLine) {
  const TrainRecipe r = recipe(100, 5);
  EXPECT_DOUBLE_EQ(learning_rate(r, 0), 1e-8);
  EXPECT_DOUBLE_EQ(learning_rate(r, 1), 0.002);
  EXPECT_DOUBLE_EQ(learning_rate(r, 4), 0.008);
  EXPECT_DOUBLE_EQ(learning_rate(r, 5), 0.01);
}

TEST(LearningRate, FallsAlongACosine) {
  const TrainRecipe r = recipe(105, 5);
  EXPECT_DOUBLE_EQ(learning_rate(r, 55), 0.005);
  EXPECT_DOUBLE_EQ(learning_rate(r, 30), 0.005 * (1 + std::sqrt(0.5)));
  EXPECT_DOUBLE_EQ(learning_rate(r, 104), 0.005 * (1 + std::cos(std::numbers::pi * 99 / 100)));
  EXPECT_NEAR(learning_rate(r, 105), 0, 1e-18);
  for (int64_t e = 6; e < 105; ++e) EXPECT_LT(learning_rate(r, e), learning_rate(r, e - 1)) << e;
}

TEST(LearningRate, FewerEpochsThanWarmUp) {
  const TrainRecipe r = recipe(3, 5);
  EXPECT_DOUBLE_EQ(learning_rate(r, 0), 1e-8);
  EXPECT_DOUBLE_EQ(learning_rate(r, 2), 0.004);
  EXPECT_DOUBLE_EQ(learning_rate(recipe(6, 5), 5), 0.01);
}

TEST(LearningRate, WithoutWarmUpStartsAtTheTop) {
  EXPECT_DOUBLE_EQ(learning_rate(recipe(10, 0), 0), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate(recipe(10, 0), 5), 0.005);
}

TEST(LearningRate, StaysAfterTheWarmUpIfConstant) {
  TrainRecipe r = recipe(100, 5);
  r.schedule = "constant";
  EXPECT_DOUBLE_EQ(learning_rate(r, 4), 0.008);
  for (const int64_t e : {5, 50, 99}) EXPECT_DOUBLE_EQ(learning_rate(r, e), 0.01);
}

/// The values that torch.optim.lr_scheduler.OneCycleLR gives with max_lr .01 and 100 steps.
TEST(LearningRate, OneCycleRisesAndFallsAsTorchs) {
  TrainRecipe r = recipe(100, 5);
  r.schedule = "one_cycle";
  for (const auto& [epoch, rate] :
       {std::pair(int64_t{0}, 0.0004), std::pair(int64_t{10}, 0.002951639484641007), std::pair(int64_t{29}, 0.01),
        std::pair(int64_t{60}, 0.005892800902855287), std::pair(int64_t{99}, 4e-8)})
    EXPECT_NEAR(learning_rate(r, epoch), rate, 1e-12) << epoch;
}

TEST(Temperature, IsOneUntilWaitThenFallsToItsFloor) {
  EstimatorRecipe r;
  r.wait = 20;
  r.temperature_rate = 0.95;
  r.min_temperature = 0.05;
  EXPECT_EQ(temperature(r, 0), 1);
  EXPECT_EQ(temperature(r, 20), 1);
  EXPECT_DOUBLE_EQ(temperature(r, 21), 0.95);
  EXPECT_DOUBLE_EQ(temperature(r, 30), std::pow(0.95, 10));
  EXPECT_EQ(temperature(r, 1000), 0.05);
  r.temperature_rate = 1;
  EXPECT_EQ(temperature(r, 1000), 1);
}

}  // namespace
}  // namespace graphsieve
