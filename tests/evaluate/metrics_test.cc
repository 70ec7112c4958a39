#include "graphsieve/evaluate/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "graphsieve/base/error.h"
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
    EXPECT_NEAR(roc_auc(score, positive), auc_by_pairs(score, positive), 1e-12);
  }
  EXPECT_EQ(roc_auc({1, 1, 1, 1}, {0, 1, 0, 1}), 0.5);
  EXPECT_TRUE(std::isnan(roc_auc({1, 2}, {1, 1})));
}

Labels single(std::vector<int32_t> label, int64_t classes) {
  Labels labels;
  labels.classes = classes;
  labels.single = std::move(label);
  return labels;
}

TEST(Metrics, AccuracyAndF1OfThreeClasses) {
  const Labels labels = single({0, 1, 2, 2}, 3);
  const Probabilities p{3, {.8f, .1f, .1f, .6f, .3f, .1f, .1f, .1f, .8f, .2f, .2f, .6f}};  // 0, 0, 2, 2
  EXPECT_DOUBLE_EQ(evaluate(Metric::kAccuracy, p, labels, {0, 1, 2, 3}), 0.75);
  EXPECT_DOUBLE_EQ(evaluate(Metric::kMacroF1, p, labels, {0, 1, 2, 3}), (2.0 / 3 + 0 + 1) / 3);
  const auto rows = per_class(p, labels, {0, 1, 2, 3});
  EXPECT_EQ(rows[2].support, 2);
  EXPECT_DOUBLE_EQ(rows[0].precision, 0.5);
  EXPECT_DOUBLE_EQ(rows[0].recall, 1);
  EXPECT_DOUBLE_EQ(rows[1].f1, 0);
}

TEST(Metrics, MultiLabelLeavesMissingLabelsOut) {
  Labels labels;
  labels.classes = 2;
  labels.multi = {1, 0, 0, std::nanf(""), 1, 1};
  const Probabilities p{2, {.9f, .2f, .1f, .9f, .8f, .4f}};
  EXPECT_DOUBLE_EQ(evaluate(Metric::kAccuracy, p, labels, {0, 1, 2}), 0.8);
  EXPECT_DOUBLE_EQ(evaluate(Metric::kRocAuc, p, labels, {0, 1, 2}), 1.0);
}

TEST(Metrics, AutoPicksByTheLabels) {
  EXPECT_EQ(metric_of("auto", single({0, 1}, 2)), Metric::kRocAuc);
  EXPECT_EQ(metric_of("auto", single({0, 1, 2}, 3)), Metric::kAccuracy);
  EXPECT_THROW(metric_of("f1", single({0, 1}, 2)), Error);
}

}  // namespace
}  // namespace graphsieve
