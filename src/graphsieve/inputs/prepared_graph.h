// SPDX-License-Identifier: Apache-2.0
// A data set under a recipe, as tensors: treated features and the attention graph; and the split.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/inputs/network_input.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The parts of a data set's tensors that depend on neither split nor seed. The data set must outlive the object.
struct PreparedData {
  /// Throws Error where the recipe asks for directed edges and the graph folder has undirected ones, or the reverse.
  PreparedData(const Dataset& data, const Recipe& recipe, Observer& observer, at::Device device = at::kCPU);
  PreparedData(PreparedData&&) = default;  // not copied: `edges` may point into `made_`

  const Dataset& data;
  at::Device device;  ///< device of the tensors; features may stay on the host (features_on)
  FeatureMatrix features;
  CsrView edges;                        ///< the data's edges after the recipe's transforms
  int edge_types = attention_types(1);  ///< number of edge types of the attention graph

 private:
  void take_graph(const Recipe& recipe, Observer& observer);

  Features treated_;  ///< memory of `features` where the recipe changes them; else they are views of the data set's
  Csr made_;          ///< memory of `edges`, unless they lie in the graph folder
};

/// The attention graph of one seed, in the form that the operators take.
struct PreparedGraph {
  PreparedGraph(const PreparedData& data, const Recipe& recipe, uint64_t seed);

  /// One layer over the whole graph.
  LayerEdges layer() const;

  AttentionGraph graph;
  double spectral_gap = 0;         ///< spectral gap of the expander; NaN if it was not computed or there is no expander
  ops::AttentionEdges host_edges;  ///< tensors over the memory of `graph`
  ops::AttentionEdges edges;       ///< the edges on the data's device

 private:
  AttentionGraph transposed_;  ///< the transpose of a directed graph
};

/// Split number `index`: a given mask, or one keyed by the index. Throws Error on an index out of range.
Split make_split(const PreparedData& data, const Recipe& recipe, int64_t index, Observer& observer);

/// Number of splits that `--split all` stands for: the given masks, or ten random splits.
int64_t split_count(const Dataset& data, const Recipe& recipe);

}  // namespace graphsieve
