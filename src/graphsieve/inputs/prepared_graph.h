// SPDX-License-Identifier: Apache-2.0
// A data set under a recipe as tensors: the treated features, the attention graph and the split.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "graphsieve/base/array.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/data/features.h"
#include "graphsieve/data/known_nodes.h"
#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/inputs/network_input.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// The tensors of a data set that depend neither on the split nor on the seed. The data set must outlive the object.
struct PreparedData {
  /// `scales` are those of a model's training data, if the data set is another one; absent: those of the data set.
  /// Throws Error if the recipe asks for directed edges and the graph folder has undirected edges, or vice versa.
  PreparedData(const Dataset& data, const Recipe& recipe, Observer& observer, at::Device device = at::kCPU,
               std::optional<FeatureScales> scales = {});
  PreparedData(PreparedData&&) = default;  // there are no copies, since `edges` may point into `made_`

  /// Makes labels of `nodes`, which ascend, inputs of all networks (inputs/label_inputs.h). `value` [nodes, columns]
  /// has a row per node.
  void show_labels(const std::vector<int32_t>& nodes, const at::Tensor& value);

  const Dataset& data;
  at::Device device;                    ///< device of the tensors; dense features may stay on the host (features_on)
  FeatureMatrix features;               ///< the features after the recipe's treatment
  std::optional<FeatureScales> scales;  ///< statistics of the treatment; absent: the treatment has none
  CsrView edges;                        ///< the data's edges after the recipe's transforms
  int edge_types = attention_types(1);  ///< number of edge types of the attention graph

 private:
  /// Sets `edges` to the edges of the graph folder, or to the edges that are made of the data's list.
  void take_graph(const Recipe& recipe, Observer& observer);

  Features treated_;  ///< memory of `features` if the recipe changes them; otherwise the data set owns it
  Csr made_;          ///< memory of `edges`; empty if the edges lie in the graph folder
};

/// The arrays of an attention graph, in memory that they own or in mapped files.
struct AttentionArrays {
  Array<int64_t> row_start;
  Array<int32_t> source;
  Array<uint8_t> type;
};

/// The attention graph of one seed, in the form that the operators take.
struct PreparedGraph {
  /// With `known`, the nodes of a model's training data have the expander edges that they had in training.
  PreparedGraph(const PreparedData& data, const Recipe& recipe, uint64_t seed, const KnownNodes* known = nullptr);

  /// Lets the graph lie in other memory with equal values, such as that of mapped files, and frees its own memory.
  /// Throws Error if the values differ.
  void lie_in(AttentionArrays arrays);

  /// Returns the edges of one layer over the whole graph.
  LayerEdges layer() const;

  AttentionGraphView graph;
  double spectral_gap = 0;         ///< spectral gap of the expander; NaN if it was not computed or there is no expander
  ops::AttentionEdges host_edges;  ///< tensors over the memory of `graph`
  ops::AttentionEdges edges;       ///< the edges on the data's device

 private:
  /// Sets the tensors over the memory of `graph`.
  void view_arrays();

  AttentionGraph made_;  ///< memory of `graph`; empty if the graph lies in `arrays_`
  AttentionArrays arrays_;
  AttentionGraph transposed_;  ///< the transpose of a directed graph; empty if the graph is symmetric
};

/// Returns the split number `index`: one of the data's given masks, or a random split keyed by the index. Throws Error
/// if the index is out of range, or if the recipe asks for given masks and the data has none.
Split make_split(const PreparedData& data, const Recipe& recipe, int64_t index, Observer& observer);

/// Returns the number of splits that `--split all` stands for: the number of given masks, or ten random splits.
int64_t split_count(const Dataset& data, const Recipe& recipe);

}  // namespace graphsieve
