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
