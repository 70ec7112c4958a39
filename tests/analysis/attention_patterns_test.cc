// SPDX-License-Identifier: Apache-2.0
// Statistics against their definitions, in loops over pairs of edges.
#include "graphsieve/analysis/attention_patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

/// Rows of 0, 1, 2, … edges; every third one with tied scores.
struct Rows {
  std::vector<int64_t> start = {0};
  std::vector<float> a, b;

  explicit Rows(int64_t nodes) {
    for (int64_t i = 0; i < nodes; ++i) {
      start.push_back(start.back() + i % 17);
      fill(i, a, 1);
      fill(i, b, 2);
    }
  }
  void fill(int64_t i, std::vector<float>& to, uint64_t part) {
    double sum = 0;
    std::vector<double> x;
    for (int64_t e = 0; e < i % 17; ++e) {
      double u = uniform(random_key(7, part, static_cast<uint64_t>(i), static_cast<uint64_t>(e)));
      if (i % 3 == 0) u = std::ceil(3 * u);
      x.push_back(u);
      sum += u;
    }
    for (double v : x) to.push_back(static_cast<float>(v / sum));
  }
  AttentionScores of(const std::vector<float>& s) const {
    return {static_cast<int64_t>(start.size()) - 1, start.data(), s.data()};
  }
};

/// x's rank from 1 among a row, ties at their mean.
double rank_of(const float* row, int64_t d, float x) {
  double below = 0, same = 0;
  for (int64_t e = 0; e < d; ++e) below += row[e] < x, same += row[e] == x;
  return below + (same + 1) / 2;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  double sx = 0, sy = 0, sxy = 0, sxx = 0, syy = 0;
  const double n = static_cast<double>(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    sx += x[i], sy += y[i], sxy += x[i] * y[i], sxx += x[i] * x[i], syy += y[i] * y[i];
  return (sxy - sx * sy / n) / std::sqrt((sxx - sx * sx / n) * (syy - sy * sy / n));
}

/// The chance that edge e is among the k heaviest, where ties are broken at random: of the edges as heavy as e, as many
/// as there are places left are picked.
double heavy(const float* row, int64_t d, int64_t e, int64_t k) {
  int64_t heavier = 0, equal = 0;
  for (int64_t o = 0; o < d; ++o) heavier += row[o] > row[e], equal += row[o] == row[e];
  return std::clamp(static_cast<double>(k - heavier) / static_cast<double>(equal), 0.0, 1.0);
}

std::map<std::string, double> by_definition(const float* a, const float* b, int64_t d, int64_t k) {
  std::map<std::string, double> to;
  double ab = 0, aa = 0, bb = 0, both = 0, theirs = 0, covered = 0;
  std::vector<double> x, y, rx, ry;
  for (int64_t e = 0; e < d; ++e) {
    for (int64_t o = 0; o < d; ++o) {
      ab += std::abs(static_cast<double>(a[e]) - b[o]);
      aa += std::abs(static_cast<double>(a[e]) - a[o]);
      bb += std::abs(static_cast<double>(b[e]) - b[o]);
    }
    x.push_back(a[e]), y.push_back(b[e]), rx.push_back(rank_of(a, d, a[e])), ry.push_back(rank_of(b, d, b[e]));
    to["energy_neighbours"] += (x[e] - y[e]) * (x[e] - y[e]);
    to["total_variation"] += std::abs(x[e] - y[e]) / 2;
    theirs += heavy(b, d, e, k), both += heavy(a, d, e, k) * heavy(b, d, e, k);
    covered += heavy(a, d, e, k) * y[e];
  }
  const double pairs = static_cast<double>(d * d);
  to["energy_values"] = (2 * ab - aa - bb) / pairs;
  to["energy_values_root"] = std::sqrt(std::max(0.0, to["energy_values"]));
  to["energy_neighbours_root"] = std::sqrt(to["energy_neighbours"]);
  to["pearson"] = pearson(x, y);
  to["spearman"] = pearson(rx, ry);
  to["overlap"] = both / theirs;
  to["mass_covered"] = covered;
  return to;
}

bool constant(const float* row, int64_t d) {
  for (int64_t e = 1; e < d; ++e)
    if (row[e] != row[0]) return false;
  return true;
}

TEST(AttentionPatterns, AgreementIsByDefinition) {
  const Rows rows(170);
  const auto all = pick_destinations(170, rows.start.data(), 0, 1);
  EXPECT_EQ(all.size(), 160u);  // those with in-edges
  std::map<std::string, double> sum, count;
  for (const int32_t i : all) {
    const int64_t begin = rows.start[i], d = rows.start[i + 1] - begin;
    const float *a = rows.a.data() + begin, *b = rows.b.data() + begin;
    for (const auto& [name, value] : by_definition(a, b, d, 4)) {
      if ((name == "pearson" || name == "spearman") && (constant(a, d) || constant(b, d))) continue;
      sum[name] += value, ++count[name];
    }
  }
  const auto got = attention_agreement(rows.of(rows.a), rows.of(rows.b), 4, all, false);
  EXPECT_EQ(got.size(), sum.size());
  for (const Statistic& s : got) {
    EXPECT_NEAR(s.mean, sum[s.name] / count[s.name], 1e-9) << s.name;
    EXPECT_EQ(static_cast<double>(s.destinations), count[s.name]) << s.name;
    EXPECT_EQ(s.half_width, 0);
  }
}

TEST(AttentionPatterns, SameScoresAgreeFully) {
  const Rows rows(60);
  const auto all = pick_destinations(60, rows.start.data(), 0, 1);
  const std::map<std::string, double> full = {{"pearson", 1}, {"spearman", 1}};
  for (const Statistic& s : attention_agreement(rows.of(rows.a), rows.of(rows.a), 3, all, false)) {
    if (s.name == "mass_covered" || s.name == "overlap") continue;  // below 1 where scores tie
    EXPECT_NEAR(s.mean, full.contains(s.name) ? full.at(s.name) : 0, 1e-12) << s.name;
  }
  for (double q : underestimation(rows.of(rows.a), rows.of(rows.a), all, {0, 0.5, 1})) EXPECT_EQ(q, 1);
}

TEST(AttentionPatterns, UniformScoresHaveFullEntropy) {
  const Rows rows(60);
  const auto all = pick_destinations(60, rows.start.data(), 0, 1);
  const auto uniform = uniform_scores(60, rows.start.data());
  const auto spread = attention_spread(rows.of(uniform), 1000, all, false);
  EXPECT_NEAR(spread[0].mean, 1, 1e-6);  // of float scores
  EXPECT_NEAR(spread[1].mean, 1, 1e-6);
  EXPECT_LT(attention_spread(rows.of(rows.a), 1000, all, false)[0].mean, 0.99);
  for (const Statistic& s : attention_agreement(rows.of(uniform), rows.of(rows.b), 3, all, false))
    if (s.name == "pearson") {
      EXPECT_TRUE(std::isnan(s.mean));
      EXPECT_EQ(s.destinations, 0);
    }
}

TEST(AttentionPatterns, QuantilesAreLinearBetweenEdges) {
  const std::vector<int64_t> start = {0, 4};
  const std::vector<float> a = {0.1f, 0.2f, 0.3f, 0.4f}, b = {0.25f, 0.25f, 0.25f, 0.25f};
  const auto q = underestimation({1, start.data(), a.data()}, {1, start.data(), b.data()}, {0}, {0, 0.5, 0.25, 1});
  EXPECT_NEAR(q[0], 0.4, 1e-6);
  EXPECT_NEAR(q[1], 1.0, 1e-6);
  EXPECT_NEAR(q[2], 0.7, 1e-6);
  EXPECT_NEAR(q[3], 1.6, 1e-6);
}

TEST(AttentionPatterns, SampledMeanCoversTheExactOne) {
  const Rows rows(1700);
  const auto all = pick_destinations(1700, rows.start.data(), 0, 1);
  const auto exact = attention_agreement(rows.of(rows.a), rows.of(rows.b), 4, all, false);
  int covered = 0, tried = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const auto some = pick_destinations(1700, rows.start.data(), 200, seed);
    EXPECT_EQ(some.size(), 200u);
    EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
    const auto got = attention_agreement(rows.of(rows.a), rows.of(rows.b), 4, some, true);
    for (size_t s = 0; s < got.size(); ++s, ++tried)
      covered += std::abs(got[s].mean - exact[s].mean) <= got[s].half_width;
  }
  EXPECT_GE(covered, tried * 9 / 10);
}

TEST(AttentionPatterns, ThreadsDoNotMatter) {
  const Rows rows(900);
  const auto all = pick_destinations(900, rows.start.data(), 0, 1);
  const int before = num_threads();
  set_num_threads(1);
  const auto one = attention_agreement(rows.of(rows.a), rows.of(rows.b), 4, all, false);
  const auto drawn = random_scores(900, rows.start.data(), 5);
  set_num_threads(3);
  const auto three = attention_agreement(rows.of(rows.a), rows.of(rows.b), 4, all, false);
  for (size_t s = 0; s < one.size(); ++s) EXPECT_EQ(one[s].mean, three[s].mean);
  EXPECT_EQ(drawn, random_scores(900, rows.start.data(), 5));
  set_num_threads(before);
}

}  // namespace
}  // namespace graphsieve
