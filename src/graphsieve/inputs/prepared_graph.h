// A data set under a recipe, as tensors: treated features, the attention graph, labels, the split.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/inputs/network_input.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// What does not depend on split or seed. Holds a reference to the data set.
struct PreparedData {
  /// Throws Error where the recipe wants directions and a graph folder has none of them left, or the other way round.
  PreparedData(const Dataset& data, const Recipe& recipe, Observer& observer, at::Device device = at::kCPU);
  PreparedData(PreparedData&&) = default;  // not to be copied: `edges` looks into what is owned

  const Dataset& data;
  at::Device device;  ///< of the tensors (features: see features_on)
  FeatureMatrix features;
  at::Tensor classes;   ///< int64 [n], −1 unlabelled; undefined if multi-label
  at::Tensor targets;   ///< float32 [n, labels], NaN missing; undefined if single-label
  CsrView edges;        ///< after the transforms
  int edge_types = attention_types(1);  ///< of the attention graph

 private:
  void take_graph(const Recipe& recipe, Observer& observer);

  Csr made_;  ///< `edges`, where they are not the graph folder's own
};

/// The attention graph of a seed, as the operators take it.
struct PreparedGraph {
  PreparedGraph(const PreparedData& data, const Recipe& recipe, uint64_t seed);

  /// One layer over the whole graph.
  LayerEdges layer() const;

  AttentionGraph graph;
  double spectral_gap = 0;  ///< of the expander; NaN if unchecked or without expander
  ops::AttentionEdges host_edges;  ///< looks into `graph`
  ops::AttentionEdges edges;       ///< the same on the data's device

 private:
  AttentionGraph transposed_;  ///< of a directed graph
};

/// Split number `index`: a given mask, or one keyed by the index. Throws Error on an index out of range.
Split make_split(const PreparedData& data, const Recipe& recipe, int64_t index, Observer& observer);

/// How many splits "all" means: the given masks, or ten.
int64_t split_count(const Dataset& data, const Recipe& recipe);

}  // namespace graphsieve
