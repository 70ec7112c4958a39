// Which part of the estimator's attention the draws of an epoch keep, by type of edge and by k.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// Of one type of edge: how many edges there are, how many are kept (distinct ones), and how much attention is on them,
/// the mean over the destinations.
struct TypeKept {
  int64_t edges = 0, kept = 0;
  double mass = 0, kept_mass = 0;
};

struct AttentionKept {
  std::vector<TypeKept> types;
  std::vector<double>
      drawn;  ///< entry k − 1: attention on the edges that a draw of k keeps, mean over the destinations
  std::vector<double> heaviest;  ///< the same of the k heaviest edges
  double kept_edges() const;     ///< share of all edges
  double kept_mass() const;
};

/// One layer, for those destinations that have in-edges; scores of a destination count by their share of its sum. `k`
/// as drawn in the run, `most` entries of the curves.
///
/// Example: in-edges of scores .7 (type 0), .2 (1), .1 (0), k 2, graph_max: type 0 has 2 edges, mass .8, of which 1
/// edge and .7 are kept; type 1 keeps its one edge; drawn .7, .9, 1.
AttentionKept attention_kept(const ops::AttentionEdges& edges, const at::Tensor& scores,
                             const std::vector<int32_t>& destinations, int64_t k, int64_t most, const Sampler& sampler, const DrawKey& key);

/// Of the attention graph's types; `data_types`: the names of the data's own, if it has any.
std::string edge_type_name(int type, const std::vector<std::string>& data_types);

}  // namespace graphsieve
