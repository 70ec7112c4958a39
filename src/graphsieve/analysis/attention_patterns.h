// SPDX-License-Identifier: Apache-2.0
// Statistics on how attention is distributed over a destination's in-edges, and how the attention of two networks
// differs on the same edges. The data are plain arrays, and sums are in double. Every statistic is computed per
// destination and averaged over the destinations. Destinations for which it is not defined are left out and counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

/// The attention of every edge. Row r has score[row_start[r] … row_start[r + 1]), not negative, with the sum 1.
struct AttentionScores {
  int64_t nodes;
  const int64_t* row_start;
  const float* score;
};

/// A mean over destinations. `half_width` is half of the 95 % confidence interval if destinations were sampled, and 0
/// if all were used. The mean is NaN if the statistic is defined for no destination. `destinations` is the number for
/// which it is defined.
struct Statistic {
  std::string name;
  double mean = 0, half_width = 0;
  int64_t destinations = 0;
};

/// Computes the statistics of one network:
///   entropy          −Σ a ln a / ln degree, for destinations of degree 2 and more
///   heaviest_mass    Σ of the k largest a
///   effective_degree 1 / Σ a²
std::vector<Statistic> attention_spread(const AttentionScores& a, int64_t k, const std::vector<int32_t>& destinations,
                                        bool sampled);

/// Compares a network `a` with the network `b` that it should agree with (narrow with wide):
///   energy_values, energy_values_root
///       energy distance 2E|X−Y| − E|X−X'| − E|Y−Y'| of the two sets of scores, and its square root (the form of
///       SciPy's energy_distance)
///   energy_neighbours, energy_neighbours_root
///       energy distance of neighbours drawn by a and by b, with distance 0 if equal and otherwise 1: Σ (a − b)²; and
///       its square root
///   pearson, spearman
///       correlation over the in-edges; not defined if either is constant
///   total_variation
///       ½ Σ |a − b|
///   overlap
///       share of b's k heaviest edges among a's k heaviest
///   mass_covered
///       b's attention on a's k heaviest edges
/// Where scores tie, both are the mean over random choices among the ties, for a and for b by itself: breaking ties by
/// position would make equal scores agree with everything that is sorted by position too.
std::vector<Statistic> attention_agreement(const AttentionScores& a, const AttentionScores& b, int64_t k,
                                           const std::vector<int32_t>& destinations, bool sampled);

/// Returns the underestimation factor a / b over the edges of the destinations, at the given quantiles (linear between
/// edges, as in numpy). Edges with b = 0 are left out. The sampling theorem requires that the factor is bounded from
/// below.
std::vector<double> underestimation(const AttentionScores& a, const AttentionScores& b,
                                    const std::vector<int32_t>& destinations, const std::vector<double>& quantiles);

/// Return scores to compare with: 1 / degree, and random scores (exponential numbers keyed by seed and edge, divided by
/// their sum).
std::vector<float> uniform_scores(int64_t nodes, const int64_t* row_start);
std::vector<float> random_scores(int64_t nodes, const int64_t* row_start, uint64_t seed);

/// Returns all destinations with in-edges, or `count` of them drawn without replacement by the seed, ascending.
std::vector<int32_t> pick_destinations(int64_t nodes, const int64_t* row_start, int64_t count, uint64_t seed);

}  // namespace graphsieve
