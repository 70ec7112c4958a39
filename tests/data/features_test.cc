// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/features.h"

#include <cmath>

#include "../files/temp_dir.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

Features dense(int64_t rows, int64_t cols, LargeVector<float> values) {
  Features out;
  out.rows = rows;
  out.cols = cols;
  out.dense = std::move(values);
  return out;
}

/// Rows (0, 3, 0), (), (1, 0, -2).
Features sparse() {
  Features out;
  out.rows = 3;
  out.cols = 3;
  out.row_start = {0, 1, 1, 3};
  out.column = {1, 0, 2};
  out.value = {3, 1, -2};
  return out;
}

TEST(Treatment, Names) {
  EXPECT_EQ(feature_treatment("as_found"), FeatureTreatment::kAsFound);
  EXPECT_EQ(feature_treatment("binary"), FeatureTreatment::kBinary);
  EXPECT_EQ(feature_treatment("row_sum"), FeatureTreatment::kRowSum);
  EXPECT_EQ(feature_treatment("standardised"), FeatureTreatment::kStandardised);
  EXPECT_CONTAINS(error_of([] { feature_treatment("standardized"); }), "'standardized', expected as_found");
}

TEST(Treatment, AsFoundAndBinary) {
  EXPECT_EQ(treated(sparse(), FeatureTreatment::kAsFound).value, sparse().value);
  EXPECT_EQ(treated(sparse(), FeatureTreatment::kBinary).value, (std::vector<float>{1, 1, -2}));
  EXPECT_EQ(treated(dense(1, 3, {0.5, 0, -1}), FeatureTreatment::kBinary).dense, (LargeVector<float>{1, 0, -1}));
}

TEST(Treatment, RowSum) {
  FeatureNotes notes;
  EXPECT_EQ(treated(sparse(), FeatureTreatment::kRowSum, &notes).value, (std::vector<float>{1, -1, 2}));
  EXPECT_EQ(notes.zero_rows, 1);
  EXPECT_EQ(treated(dense(2, 2, {1, 3, 0, 0}), FeatureTreatment::kRowSum, &notes).dense,
            (LargeVector<float>{0.25, 0.75, 0, 0}));
  EXPECT_EQ(notes.zero_rows, 1);
}

TEST(Treatment, Standardised) {
  FeatureNotes notes;
  const Features f =
      treated(dense(4, 2, {1, 0.1f, 3, 0.1f, 1, 0.1f, 3, 0.1f}), FeatureTreatment::kStandardised, &notes);
  EXPECT_EQ(f.dense, (LargeVector<float>{-1, 0, 1, 0, -1, 0, 1, 0}));
  EXPECT_EQ(notes.constant_columns, 1);
  const Features s = treated(sparse(), FeatureTreatment::kStandardised, &notes);
  EXPECT_FALSE(s.sparse());
  EXPECT_EQ(notes.constant_columns, 0);
  EXPECT_FLOAT_EQ(s.dense[1], std::sqrt(2.0f));
  EXPECT_FLOAT_EQ(s.dense[4], -std::sqrt(0.5f));
}

TEST(Treatment, TheSameBitsAtAnyNumberOfThreads) {
  LargeVector<float> values(30000 * 5);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(uniform(random_key(i)));
  const int threads = num_threads();
  set_num_threads(1);
  const Features one = treated(dense(30000, 5, values), FeatureTreatment::kStandardised);
  set_num_threads(3);
  const Features three = treated(dense(30000, 5, values), FeatureTreatment::kStandardised);
  set_num_threads(threads);
  EXPECT_EQ(one.dense, three.dense);
}

TEST(Treatment, TooLargeToMakeDense) {
  Features big;
  big.rows = 1 << 20;
  big.cols = 1 << 11;
  big.row_start.assign(big.rows + 1, 0);
  EXPECT_CONTAINS(error_of([&] { treated(big, FeatureTreatment::kStandardised); }), "4 GiB");
}

}  // namespace
}  // namespace graphsieve
