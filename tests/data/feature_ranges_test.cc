// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/feature_ranges.h"

#include <gtest/gtest.h>

#include <cmath>

#include "graphsieve/base/parallel.h"
#include "graphsieve/data/features.h"

namespace graphsieve {
namespace {

Features dense(std::vector<float> values, int64_t columns) {
  Features x;
  x.cols = columns, x.rows = std::ssize(values) / columns;
  x.dense.assign(values.begin(), values.end());
  return x;
}

/// The same features in sparse form.
Features sparse(const Features& x) {
  Features to;
  to.rows = x.rows, to.cols = x.cols;
  to.row_start = {0};
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t c = 0; c < x.cols; ++c)
      if (const float value = x.dense[i * x.cols + c]; value != 0)
        to.column.push_back(static_cast<int32_t>(c)), to.value.push_back(value);
    to.row_start.push_back(std::ssize(to.column));
  }
  return to;
}

TEST(FeatureRanges, OfDenseAndSparseFeatures) {
  const Features x = dense({0, 5, 1, 0, 7, 0, 0, 6, 1, 0, 8, 1}, 3);
  for (const Features& form : {x, sparse(x)}) {
    const FeatureRanges r = feature_ranges(form);
    EXPECT_EQ(r.least, (std::vector<double>{0, 5, 0}));
    EXPECT_EQ(r.most, (std::vector<double>{0, 8, 1}));
    EXPECT_EQ(r.mean, (std::vector<double>{0, 6.5, .75}));
    EXPECT_DOUBLE_EQ(r.size[1], std::sqrt((25 + 49 + 36 + 64) / 4.0));
    EXPECT_EQ(zero_one_columns(r), (std::vector<bool>{false, false, true}));
    const std::vector<int32_t> two = {1, 3};
    EXPECT_EQ(feature_ranges(form, &two).least[1], 7);
  }
}

TEST(FeatureRanges, AreTheSameForAnyNumberOfThreads) {
  std::vector<float> values(30000 * 3);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  const Features x = dense(values, 3);
  const int before = num_threads();
  set_num_threads(1);
  const FeatureRanges one = feature_ranges(x);
  set_num_threads(3);
  const FeatureRanges three = feature_ranges(x);
  set_num_threads(before);
  EXPECT_EQ(one.mean, three.mean);
  EXPECT_EQ(one.size, three.size);
}

TEST(ScaleRatio, LeavesOutZerosAndOnes) {
  EXPECT_NEAR(scale_ratio(feature_ranges(dense({1, 1000, 0, 1000}, 2))), 1000, 1e-6);
  EXPECT_EQ(scale_ratio(feature_ranges(dense({1, 0, 0, 0}, 1))), 1);
  EXPECT_NEAR(scale_ratio(feature_ranges(dense({.001f, .001f}, 1))), 1000, 1e-3);
}

TEST(AutomaticTreatment, StandardisesUnlikeScalesAlone) {
  std::optional<FeatureScales> scales;
  double ratio = 0;
  const Features alike = dense({1, 2, 3, 4, 5, 6}, 2), unlike = dense({1, 2000, 0, 4000, 1, 6000}, 2);
  EXPECT_EQ(treatment_for(alike, FeatureTreatment::kAuto, scales, ratio), FeatureTreatment::kAsFound);
  EXPECT_FALSE(scales);
  EXPECT_EQ(treatment_for(sparse(unlike), FeatureTreatment::kAuto, scales, ratio), FeatureTreatment::kAsFound);
  EXPECT_EQ(treatment_for(unlike, FeatureTreatment::kBinary, scales, ratio), FeatureTreatment::kBinary);
  EXPECT_EQ(treatment_for(unlike, FeatureTreatment::kAuto, scales, ratio), FeatureTreatment::kStandardised);
  ASSERT_TRUE(scales);
  EXPECT_GT(ratio, 100);
  const Features made = treated(unlike, FeatureTreatment::kStandardised, nullptr, &scales);
  EXPECT_EQ(made.dense[0], 1) << "a column of 0 and 1 stays";
  EXPECT_NEAR(made.dense[1], -std::sqrt(1.5), 1e-6);
  EXPECT_EQ(made.dense[3], 0);
}

TEST(ColumnShifts, NameWhatLeavesTheRange) {
  std::vector<float> then, now;
  for (int i = 0; i < 100; ++i) {
    for (const float v : {i / 100.f, i % 2 ? 1.f : 0.f, i % 20 == 0 ? 1.f : 0.f}) then.push_back(v);
    for (const float v : {i / 100.f + (i < 5 ? 7.f : 0.f), i % 2 ? 1.f : 0.f, i % 2 == 0 ? 1.f : 0.f}) now.push_back(v);
  }
  const FeatureRanges ranges = feature_ranges(dense(then, 3));
  for (const Features& form : {dense(now, 3), sparse(dense(now, 3))}) {
    const auto shifts = column_shifts(ranges, form);
    ASSERT_EQ(shifts.size(), 2u);
    EXPECT_EQ(shifts[0].column, 2);
    EXPECT_NEAR(shifts[0].share_then, .05, 1e-9);
    EXPECT_NEAR(shifts[0].share_now, .5, 1e-9);
    EXPECT_EQ(shifts[1].column, 0);
    EXPECT_EQ(shifts[1].outside, 5);
    const auto text = shift_sentences(shifts, ranges, 100, std::nullopt);
    EXPECT_EQ(text[0], "'feature 2' is 1 for 50 % of the nodes, in training for 5 %");
    EXPECT_EQ(text[1], "'feature 0' of 5 of 100 nodes is outside of training's range, 0 to 0.99");
  }
  EXPECT_TRUE(column_shifts(ranges, dense(then, 3)).empty());
}

}  // namespace
}  // namespace graphsieve
