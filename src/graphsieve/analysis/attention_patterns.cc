// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/analysis/attention_patterns.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::span<const float> row_of(const AttentionScores& a, int64_t i) {
  return {a.score + a.row_start[i], static_cast<size_t>(a.row_start[i + 1] - a.row_start[i])};
}

/// Returns the mean and the confidence interval of each statistic; values[d * names.size() + s] is statistic s of
/// destination d.
std::vector<Statistic> summary(const std::vector<std::string>& names, const std::vector<double>& values, int64_t count,
                               bool sampled) {
  std::vector<Statistic> all;
  for (size_t s = 0; s < names.size(); ++s) {
    Statistic statistic{names[s], 0, 0, 0};
    double sum = 0, square = 0;
    for (int64_t d = 0; d < count; ++d) {
      const double x = values[d * names.size() + s];
      if (std::isnan(x)) continue;
      sum += x;
      ++statistic.destinations;
    }
    const double n = static_cast<double>(statistic.destinations);
    statistic.mean = n > 0 ? sum / n : kUndefined;
    for (int64_t d = 0; d < count; ++d) {
      const double x = values[d * names.size() + s];
      if (!std::isnan(x)) square += (x - statistic.mean) * (x - statistic.mean);
    }
    if (sampled) statistic.half_width = n > 1 ? 1.959963984540054 * std::sqrt(square / (n - 1) / n) : kUndefined;
    all.push_back(statistic);
  }
  return all;
}

/// Calls row(destination, to) for every destination, where `to` has one number per name, and returns the statistics.
template <class Row>
std::vector<Statistic> each_destination(const std::vector<std::string>& names, const std::vector<int32_t>& destinations,
                                        bool sampled, const Row& row) {
  const int64_t count = static_cast<int64_t>(destinations.size());
  std::vector<double> values(names.size() * count);
  parallel_blocks(count, 256, [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) row(destinations[d], values.data() + d * names.size());
  });
  return summary(names, values, count, sampled);
}

/// Returns for each score the chance that it is among the k largest, where ties are broken at random: 1 above the k-th
/// largest score, 0 below it, and an equal share for the scores that equal it.
std::vector<double> chance_of_heaviest(std::span<const float> a, int64_t k) {
  const auto all = static_cast<int64_t>(a.size());
  if (k >= all) return std::vector<double>(a.size(), 1);
  std::vector<float> sorted(a.begin(), a.end());
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  const float least = sorted[static_cast<size_t>(k - 1)];
  const auto above = std::count_if(a.begin(), a.end(), [&](float x) { return x > least; });
  const auto equal = std::count(a.begin(), a.end(), least);
  const double share = static_cast<double>(k - above) / static_cast<double>(equal);
  std::vector<double> chance;
  for (const float x : a) chance.push_back(x > least ? 1 : x == least ? share : 0);
  return chance;
}

/// Returns 2 ∫ (F − G)², where F and G are the distribution functions of the two sets. This is 2E|X−Y| − E|X−X'| −
/// E|Y−Y'| if both have equally many values.
double energy_of_values(std::span<const float> a, std::span<const float> b) {
  std::vector<float> x(a.begin(), a.end()), y(b.begin(), b.end());
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  double sum = 0, at = 0;
  const double n = static_cast<double>(x.size());
  for (size_t i = 0, j = 0; i < x.size() || j < y.size();) {
    const double next = i < x.size() && (j == y.size() || x[i] <= y[j]) ? x[i] : y[j];
    // Between two neighbouring values, F and G are constant: i / n and j / n.
    const double gap = (static_cast<double>(i) - static_cast<double>(j)) / n;
    sum += gap * gap * (next - at);
    at = next;
    while (i < x.size() && x[i] == next) ++i;
    while (j < y.size() && y[j] == next) ++j;
  }
  return 2 * sum;
}

/// Returns the Pearson correlation.
double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n, my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

bool constant(std::span<const float> a) {
  return std::all_of(a.begin(), a.end(), [&](float x) { return x == a[0]; });
}

/// Returns the ranks of the scores from 1 on; equal scores have their mean rank.
std::vector<double> ranks(std::span<const float> a) {
  std::vector<int32_t> order(a.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t x, int32_t y) { return a[x] < a[y]; });
  std::vector<double> to(a.size());
  for (size_t begin = 0, end; begin < order.size(); begin = end) {
    for (end = begin; end < order.size() && a[order[end]] == a[order[begin]];) ++end;
    for (size_t i = begin; i < end; ++i) to[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
  }
  return to;
}

/// Returns the sum of the scores, each times a factor.
template <class Number>
double weighted_sum(std::span<const Number> a, const std::vector<double>& factor) {
  return std::inner_product(a.begin(), a.end(), factor.begin(), 0.0);
}

}  // namespace

std::vector<Statistic> attention_spread(const AttentionScores& a, int64_t k, const std::vector<int32_t>& destinations,
                                        bool sampled) {
  return each_destination({"entropy", "heaviest_mass", "effective_degree"}, destinations, sampled,
                          [&](int64_t i, double* to) {
                            const auto row = row_of(a, i);
                            double entropy = 0, square = 0;
                            for (const double x : row) {
                              if (x > 0) entropy -= x * std::log(x);
                              square += x * x;
                            }
                            to[0] = row.size() > 1 ? entropy / std::log(static_cast<double>(row.size())) : kUndefined;
                            to[1] = weighted_sum(row, chance_of_heaviest(row, k));
                            to[2] = 1 / square;
                          });
}

std::vector<Statistic> attention_agreement(const AttentionScores& a, const AttentionScores& b, int64_t k,
                                           const std::vector<int32_t>& destinations, bool sampled) {
  const std::vector<std::string> names = {
      "energy_values", "energy_values_root", "energy_neighbours", "energy_neighbours_root",
      "pearson",       "spearman",           "total_variation",   "overlap",
      "mass_covered"};
  return each_destination(names, destinations, sampled, [&](int64_t i, double* to) {
    const auto x = row_of(a, i), y = row_of(b, i);
    to[0] = energy_of_values(x, y);
    double square = 0, absolute = 0;
    for (size_t e = 0; e < x.size(); ++e) {
      const double gap = static_cast<double>(x[e]) - y[e];
      square += gap * gap;
      absolute += std::abs(gap);
    }
    to[1] = std::sqrt(to[0]);
    to[2] = square;
    to[3] = std::sqrt(square);
    const bool defined = !constant(x) && !constant(y);
    to[4] = defined ? correlation({x.begin(), x.end()}, {y.begin(), y.end()}) : kUndefined;
    to[5] = defined ? correlation(ranks(x), ranks(y)) : kUndefined;
    to[6] = absolute / 2;
    const auto mine = chance_of_heaviest(x, k), theirs = chance_of_heaviest(y, k);
    to[7] = weighted_sum(std::span<const double>(theirs), mine) /
            static_cast<double>(std::min(k, static_cast<int64_t>(y.size())));
    to[8] = weighted_sum(y, mine);
  });
}

std::vector<double> underestimation(const AttentionScores& a, const AttentionScores& b,
                                    const std::vector<int32_t>& destinations, const std::vector<double>& quantiles) {
  std::vector<double> factor;
  for (const int32_t i : destinations) {
    const auto x = row_of(a, i), y = row_of(b, i);
    for (size_t e = 0; e < x.size(); ++e)
      if (y[e] > 0) factor.push_back(static_cast<double>(x[e]) / y[e]);
  }
  std::vector<double> to;
  for (const double q : quantiles) {
    if (factor.empty()) {
      to.push_back(kUndefined);
      continue;
    }
    // nth_element moves the value below the quantile to its sorted position, and all larger values behind it. The
    // smallest of the larger values is the value above the quantile.
    const double at = q * static_cast<double>(factor.size() - 1);
    const size_t low = static_cast<size_t>(at);
    std::nth_element(factor.begin(), factor.begin() + low, factor.end());
    const double below = factor[low];
    const double above = low + 1 < factor.size() ? *std::min_element(factor.begin() + low + 1, factor.end()) : below;
    to.push_back(below + (at - static_cast<double>(low)) * (above - below));
  }
  return to;
}

std::vector<float> uniform_scores(int64_t nodes, const int64_t* row_start) {
  std::vector<float> to(row_start[nodes]);
  for (int64_t i = 0; i < nodes; ++i)
    std::fill(to.begin() + row_start[i], to.begin() + row_start[i + 1],
              1.f / static_cast<float>(row_start[i + 1] - row_start[i]));
  return to;
}

std::vector<float> random_scores(int64_t nodes, const int64_t* row_start, uint64_t seed) {
  std::vector<float> to(row_start[nodes]);
  parallel_blocks(nodes, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (int64_t e = row_start[i]; e < row_start[i + 1]; ++e) {
        to[e] = static_cast<float>(-std::log(uniform(random_key(seed, static_cast<uint64_t>(e)))));
        sum += to[e];
      }
      for (int64_t e = row_start[i]; e < row_start[i + 1]; ++e) to[e] = static_cast<float>(to[e] / sum);
    }
  });
  return to;
}

std::vector<int32_t> pick_destinations(int64_t nodes, const int64_t* row_start, int64_t count, uint64_t seed) {
  std::vector<int32_t> all;
  for (int64_t i = 0; i < nodes; ++i)
    if (row_start[i] < row_start[i + 1]) all.push_back(static_cast<int32_t>(i));
  if (count <= 0 || count >= static_cast<int64_t>(all.size())) return all;
  // The destinations with the smallest random numbers are a sample without replacement.
  const auto key = [&](int32_t i) { return random_key(seed, static_cast<uint64_t>(i)); };
  std::nth_element(all.begin(), all.begin() + count, all.end(), [&](int32_t x, int32_t y) { return key(x) < key(y); });
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace graphsieve
