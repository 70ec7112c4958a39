// How attention is spread over a destination's in-edges, and how two networks' attention differs on the same edges.
// Plain arrays, double sums. Every statistic is taken for each destination and averaged over them; destinations where
// it is not defined are left out and counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

/// Attention of every edge: row r's are score[row_start[r] … row_start[r + 1]), non-negative, summing to 1.
struct AttentionScores {
  int64_t nodes;
  const int64_t* row_start;
  const float* score;
};

/// A mean over destinations. half_width: of the 95 % confidence interval where destinations were sampled, 0 where all
/// were taken. NaN where it is defined for none.
struct Statistic {
  std::string name;
  double mean = 0, half_width = 0;
  int64_t destinations = 0;
};

/// One network alone:
///   entropy          −Σ a ln a / ln degree, destinations of degree 2 and more
///   heaviest_mass    Σ of the k largest a
///   effective_degree 1 / Σ a²
std::vector<Statistic> attention_spread(const AttentionScores& a, int64_t k, const std::vector<int32_t>& destinations,
                                        bool sampled);

/// A network `a` against the one it should agree with, `b` (narrow against wide):
///   energy_values, energy_values_root        energy distance 2E|X−Y| − E|X−X'| − E|Y−Y'| of the two sets of score
///   values,
///                                            and its square root, the form of SciPy's energy_distance
///   energy_neighbours, energy_neighbours_root the same of neighbours drawn by a and by b, with distance 0 if equal,
///   else 1:
///                                            Σ (a − b)²
///   pearson, spearman                        correlation over the in-edges; not defined where either is constant
///   total_variation                          ½ Σ |a − b|
///   overlap                                  share of b's k heaviest edges among a's k heaviest, ties by position
///   mass_covered                             b's attention on a's k heaviest edges
std::vector<Statistic> attention_agreement(const AttentionScores& a, const AttentionScores& b, int64_t k,
                                           const std::vector<int32_t>& destinations, bool sampled);

/// The underestimation factor a / b over the edges of the destinations, at the given quantiles (linear between edges,
/// as numpy's); edges with b = 0 are left out. The sampling theorem needs it bounded below.
std::vector<double> underestimation(const AttentionScores& a, const AttentionScores& b,
                                    const std::vector<int32_t>& destinations, const std::vector<double>& quantiles);

/// Scores to compare with: 1 / degree, and random ones (exponential numbers keyed by seed and edge, over their sum).
std::vector<float> uniform_scores(int64_t nodes, const int64_t* row_start);
std::vector<float> random_scores(int64_t nodes, const int64_t* row_start, uint64_t seed);

/// All destinations with in-edges, or `count` of them drawn without replacement by the seed, ascending.
std::vector<int32_t> pick_destinations(int64_t nodes, const int64_t* row_start, int64_t count, uint64_t seed);

}  // namespace graphsieve
