// SPDX-License-Identifier: Apache-2.0
// Signs that training on drawn edges fails in one of its known ways ("Even Sparser Graph Transformers", limitations): k
// is so large that nothing is left out, the scores say nothing, or the network fits the one draw that its best epoch
// was evaluated on. An estimator that only guesses is said while it is trained (train/estimator_stage.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/recipe/metric.h"
#include "graphsieve/sampling/scored_graph.h"

namespace graphsieve {

/// Returns the sign that k is at or above the in-degrees, or "" if there is none. `edge_share` is the number of
/// distinct drawn edges divided by the number of edges, the mean of the layers.
std::string sign_of_k(double edge_share);

/// Returns the sign that draws by score are draws at random, or "": the entropy of the scores, divided by the logarithm
/// of the in-degree, has a mean above 0.99 over the layers and over the nodes whose in-degree exceeds k. A graph
/// without such nodes has no sign. `scored` is in the host's memory.
std::string sign_of_scores(const ScoredGraph& scored, const std::vector<int64_t>& k);

/// Returns the sign that the network fits one draw, or "". `own` is the validation value of the best epoch's draw,
/// `others` are those of other draws. The sign: `own` is better than their mean by more than three of their standard
/// deviations and by more than a hundredth of the mean.
std::string sign_of_draws(const Metric& metric, double own, const std::vector<double>& others);

}  // namespace graphsieve
