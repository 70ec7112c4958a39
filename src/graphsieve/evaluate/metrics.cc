// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace graphsieve {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kCurveStep = 0.01;  ///< least distance of two points of a curve, along one axis

/// Returns a number that sorts like the score, and whose lowest bit says whether the node is positive. Sorting such
/// numbers takes a third of the time of sorting indices by score.
uint64_t sort_key(float score, bool positive) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.f);  // −0 becomes 0
  // The bits of positive floats sort as integers. The sign bit is set for positive scores, and all bits of negative
  // scores are inverted, so that negative scores come first and in reverse order.
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return uint64_t{ordered} << 1 | (positive ? 1 : 0);
}

/// Returns the score whose sort_key() this is.
float score_of(uint64_t key) {
  const auto ordered = static_cast<uint32_t>(key >> 1);
  return std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered);
}

/// Calls take(score, positives, negatives) for the nodes of each score, from the smallest score to the largest.
template <class Take>
void by_score(const ScoredNodes& nodes, Take take) {
  std::vector<uint64_t> keys(nodes.score.size());
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = sort_key(nodes.score[i], nodes.positive[i]);
  std::sort(keys.begin(), keys.end());
  for (size_t i = 0; i < keys.size();) {
    int64_t tied[2] = {0, 0};
    size_t end = i;
    for (; end < keys.size() && keys[end] >> 1 == keys[i] >> 1; ++end) ++tied[keys[end] & 1];
    take(score_of(keys[i]), tied[1], tied[0]);
    i = end;
  }
}

}  // namespace

double ratio(double a, double b) { return b > 0 ? a / b : kNaN; }

double Decisions::balanced_accuracy() const {
  double sum = 0, seen = 0;
  for (const DecisionCounts& counts : by_output)
    if (counts.support > 0) sum += counts.recall(), ++seen;
  return ratio(sum, seen);
}

double Decisions::macro_f1() const {
  double sum = 0, seen = 0;
  for (const DecisionCounts& counts : by_output)
    if (const double f1 = counts.f1(); !std::isnan(f1)) sum += f1, ++seen;
  return ratio(sum, seen);
}

double roc_auc(const ScoredNodes& nodes) {
  // A positive node wins against every negative node of a smaller score, and half against those of the same score.
  double wins = 0;
  int64_t negatives = 0, positives = 0;
  by_score(nodes, [&](float, int64_t positive, int64_t negative) {
    wins += static_cast<double>(positive) * (static_cast<double>(negatives) + 0.5 * static_cast<double>(negative));
    negatives += negative;
    positives += positive;
  });
  if (negatives == 0 || positives == 0) return kNaN;
  return wins / static_cast<double>(negatives) / static_cast<double>(positives);
}

namespace {

/// The nodes of one score.
struct ScoreGroup {
  float score;
  int64_t positive, negative;
};

/// Returns the nodes of each score, from the largest score to the smallest.
std::vector<ScoreGroup> groups_of(const ScoredNodes& nodes) {
  std::vector<ScoreGroup> groups;
  by_score(nodes,
           [&](float score, int64_t positive, int64_t negative) { groups.push_back({score, positive, negative}); });
  std::reverse(groups.begin(), groups.end());
  return groups;
}

}  // namespace

double average_precision(const ScoredNodes& nodes) {
  const auto all = static_cast<double>(std::count(nodes.positive.begin(), nodes.positive.end(), 1));
  if (all == 0) return kNaN;
  double positives = 0, taken = 0, sum = 0;
  for (const auto& [score, positive, negative] : groups_of(nodes)) {
    positives += static_cast<double>(positive), taken += static_cast<double>(positive + negative);
    sum += static_cast<double>(positive) / all * positives / taken;
  }
  return sum;
}

double precision_at(const ScoredNodes& nodes, int64_t k) {
  double places = static_cast<double>(std::min(k, std::ssize(nodes.score))), positives = 0;
  const double all = places;
  for (const auto& [score, positive, negative] : groups_of(nodes)) {
    if (places <= 0) break;
    const auto size = static_cast<double>(positive + negative);
    const double taken = std::min(places, size);
    positives += static_cast<double>(positive) * taken / size;
    places -= taken;
  }
  return ratio(positives, all);
}

DecisionCounts counts_at(const ScoredNodes& nodes, double threshold) {
  DecisionCounts counts;
  for (size_t i = 0; i < nodes.score.size(); ++i) {
    const bool decided = nodes.score[i] >= threshold;
    counts.support += nodes.positive[i], counts.predicted += decided, counts.correct += decided && nodes.positive[i];
  }
  return counts;
}

double best_threshold(const ScoredNodes& nodes, ThresholdRule::Kind measure) {
  const auto positives = static_cast<double>(std::count(nodes.positive.begin(), nodes.positive.end(), 1));
  const double negatives = static_cast<double>(nodes.score.size()) - positives;
  if (positives == 0 || negatives == 0) return kNaN;
  const auto groups = groups_of(nodes);
  double found = kNaN, best = -1, right = 0, wrong = 0;
  for (size_t g = 0; g < groups.size(); ++g) {
    right += static_cast<double>(groups[g].positive), wrong += static_cast<double>(groups[g].negative);
    const double f1 = 2 * right / (right + wrong + positives), j = right / positives - wrong / negatives;
    const double value = measure == ThresholdRule::Kind::kF1 ? f1 : j;
    if (value <= best) continue;
    best = value;
    const double score = groups[g].score;
    found = g + 1 < groups.size() ? (score + double{groups[g + 1].score}) / 2 : score;
  }
  return found;
}

ScoreCurves score_curves(const ScoredNodes& nodes) {
  ScoreCurves curves;
  for (const uint8_t positive : nodes.positive) ++(positive ? curves.positives : curves.negatives);
  curves.roc_auc = roc_auc(nodes);
  curves.average_precision = kNaN;
  if (std::isnan(curves.roc_auc)) return curves;
  // From the largest score on, the nodes of each score are added to those that are taken for positive. The average
  // precision is the sum of precision · growth of recall. A point is kept once it is kCurveStep away from the point
  // that was kept before.
  curves.average_precision = 0;
  curves.roc.emplace_back(0, 0);
  const auto all_positives = static_cast<double>(curves.positives),
             all_negatives = static_cast<double>(curves.negatives);
  double positives = 0, negatives = 0, recall = 0, kept_recall = -1, kept_tpr = 0, kept_fpr = 0;
  for (const auto& [score, positive, negative] : groups_of(nodes)) {
    positives += static_cast<double>(positive), negatives += static_cast<double>(negative);
    const double tpr = positives / all_positives, fpr = negatives / all_negatives;
    const double precision = positives / (positives + negatives);
    curves.average_precision += (tpr - recall) * precision;
    recall = tpr;
    const bool last = positives == all_positives && negatives == all_negatives;
    if (last || tpr - kept_tpr >= kCurveStep || fpr - kept_fpr >= kCurveStep) {
      curves.roc.emplace_back(fpr, tpr);
      kept_tpr = tpr, kept_fpr = fpr;
    }
    if (last || tpr - kept_recall >= kCurveStep) {
      curves.precision_recall.emplace_back(tpr, precision);
      kept_recall = tpr;
    }
  }
  return curves;
}

}  // namespace graphsieve
