// SPDX-License-Identifier: Apache-2.0
// The share of the estimator's attention that the draws of an epoch keep, by edge type and by k.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// The edges of one type: their number, the number of distinct edges that are kept, the attention on all of them, and
/// the attention on those kept. Attention is the mean over the destinations.
struct TypeKept {
  int64_t edges = 0, kept = 0;
  double mass = 0, kept_mass = 0;
};

/// The edges and the attention that the draws of one layer keep.
struct AttentionKept {
  std::vector<TypeKept> types;
  std::vector<double>
      drawn;  ///< entry k − 1: attention on the edges that a draw of k keeps, mean over the destinations
  std::vector<double> heaviest;  ///< entry k − 1: attention on the k heaviest edges, mean over the destinations
  double kept_edges() const;     ///< share of the edges that is kept
  double kept_mass() const;
};

/// Computes what is kept in one layer, over those destinations that have in-edges. The score of an edge counts as its
/// share of the sum of its destination's scores. `k` is the number drawn in the run, and the curves have `most`
/// entries.
///
/// Example: in-edges with the scores .7 (type 0), .2 (type 1) and .1 (type 0), k = 2, graph_max. Type 0 has 2 edges
/// with mass .8, of which 1 edge and .7 are kept; type 1 keeps its one edge; drawn = {.7, .9, 1}.
AttentionKept attention_kept(const ops::AttentionEdges& edges, const at::Tensor& scores,
                             const std::vector<int32_t>& destinations, int64_t k, int64_t most, const Sampler& sampler,
                             const DrawKey& key);

/// Returns the name of one of the attention graph's edge types. `data_types` has the names of the data's own types, if
/// it has any.
std::string edge_type_name(int type, const std::vector<std::string>& data_types);

}  // namespace graphsieve
