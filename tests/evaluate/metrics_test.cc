// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

/// Share of positive-negative pairs ordered rightly, ties half: the definition.
double auc_by_pairs(const std::vector<float>& score, const std::vector<uint8_t>& positive) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < score.size(); ++i)
    for (size_t j = 0; j < score.size(); ++j)
      if (positive[i] && !positive[j]) {
        ++pairs;
        wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
      }
  return wins / pairs;
}

TEST(Metrics, RocAucEqualsTheShareOfPairsUnderTies) {
  for (int levels : {2, 5, 1000}) {
    std::vector<float> score;
    std::vector<uint8_t> positive;
    for (int i = 0; i < 200; ++i) {
      score.push_back(static_cast<float>(uniform_below(random_key(levels, i, 0), levels)));
      positive.push_back(uniform(random_key(levels, i, 1)) < 0.3);
    }
    EXPECT_NEAR(roc_auc({score, positive}), auc_by_pairs(score, positive), 1e-12);
  }
  EXPECT_EQ(roc_auc({{1, 1, 1, 1}, {0, 1, 0, 1}}), 0.5);
  EXPECT_TRUE(std::isnan(roc_auc({{1, 2}, {1, 1}})));
}

TEST(Metrics, CurvesEndInTheCornersAndAveragePrecisionIsTheSumOverThresholds) {
  const ScoredNodes nodes{{.9f, .8f, .8f, .4f, .1f}, {1, 1, 0, 0, 1}};
  const ScoreCurves curves = score_curves(nodes);
  EXPECT_EQ(curves.positives, 3);
  EXPECT_EQ(curves.negatives, 2);
  EXPECT_EQ(curves.roc_auc, roc_auc(nodes));
  EXPECT_DOUBLE_EQ(curves.average_precision, 1. / 3 * 1 + 1. / 3 * (2. / 3) + 1. / 3 * (3. / 5));
  EXPECT_EQ(curves.roc.front(), std::pair(0., 0.));
  EXPECT_EQ(curves.roc.back(), std::pair(1., 1.));
  EXPECT_EQ(curves.precision_recall.back(), std::pair(1., 3. / 5));
  EXPECT_TRUE(std::isnan(score_curves({{1, 2}, {1, 1}}).average_precision));
}

TEST(Metrics, ScoresOfBothSignsAndZeros) {
  EXPECT_DOUBLE_EQ(roc_auc({{-2.f, -1.f, -0.f, 0.f, 3.f}, {0, 1, 0, 1, 1}}), (1 + 2 - .5 + 2) / 6.);
}

}  // namespace
}  // namespace graphsieve
