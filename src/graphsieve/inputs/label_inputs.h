// SPDX-License-Identifier: Apache-2.0
// Labels of training nodes as inputs of a network (masked label prediction; UniMP, Shi et al. 2021). A node's label is
// embedded by a linear map and added to the node's projected features. A label that counts in a loss is hidden from the
// pass that the loss is computed from:
//
//   training    each step hides a fresh share of the training nodes, and takes its loss on those alone
//   training on edges that are drawn by scores    the same, but the loss is on the nodes of one part, and the edges are
//                                                 drawn by the scores of a pass that hides that part's labels
//   evaluation  all training labels are shown, since validation and test nodes have none of them
//   predictions for training nodes                kLabelParts passes, each of which hides the labels of one part of the
//                                                 nodes, and gives the predictions of that part
//   scores                                        those of a pass that shows all labels, and those of kLabelParts
//                                                 passes that hide one part each (sampling/scored_graph.h)
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace graphsieve {

struct FeatureMatrix;
struct NetworkInput;

/// The labels that a network may see, one row per labelled node.
struct LabelInputs {
  std::vector<int32_t> row_of_node;  ///< [n], row of each node's label; −1: the node has none
  at::Tensor node;                   ///< int64 [rows], ascending, on the device that computes
  at::Tensor value;  ///< float32 or uint8 [rows, columns] on the device that computes (Task::label_values)

  int64_t rows() const { return value.size(0); }
  int64_t columns() const { return value.size(1); }
};

/// Returns the labels `value` [nodes, columns] of `nodes`, which ascend, in a graph of n nodes, on `device`.
LabelInputs make_label_inputs(const std::vector<int32_t>& nodes, const at::Tensor& value, int64_t n, at::Device device);

/// The labels that one pass shows.
struct ShownLabels {
  at::Tensor position;  ///< int64 [shown], positions among the sources of the first layer, ascending
  at::Tensor row;       ///< int64 [shown], their rows of LabelInputs::value
};

/// Returns the labels of the input's sources, except those of nodes for which hidden(position, node) is true. The
/// positions are those among the sources. Without `hidden` all labels are shown.
ShownLabels labels_of(const NetworkInput& input, const std::function<bool(int64_t, int32_t)>& hidden = {});

/// Returns the labels of all nodes as one float32 matrix [n, columns] with zeros for nodes that have none; undefined if
/// the features have no labels.
at::Tensor dense_labels(const FeatureMatrix& features);

/// Number of parts that nodes are divided into, where each pass hides the labels of one part.
constexpr int kLabelParts = 4;
/// Returns the part of a node, from 0 to kLabelParts − 1. It depends on the node's number alone.
int label_part(int32_t node);
/// Returns the part whose pass predicts a node: label_part(node), or −1 if no pass could show a label of the node,
/// since it has none or `labels` is null.
int predicting_part(const LabelInputs* labels, int32_t node);

/// The training nodes of one part.
struct PartNodes {
  int part;
  std::vector<int32_t> nodes;
};
/// Returns the training nodes part by part, without the parts that have fewer than kLeastOfBatch of them. Throws Error
/// if no part has as many.
std::vector<PartNodes> training_parts(const std::vector<int32_t>& train);
/// The least number of nodes of a training step, which BatchNorm needs.
constexpr int64_t kLeastOfBatch = 2;

/// Hides the labels of one part of the nodes from the input.
void hide_label_part(NetworkInput& input, int part);

/// Hides the labels of the first `targets` sources of a batch, of the sources in `part` (−1: of no part), and of a
/// share of all other sources, drawn by `key`.
void hide_labels(NetworkInput& batch, int64_t targets, int part, double share, uint64_t key);

/// Returns the training nodes (ascending) whose labels a step hides that shows all others: a share of them, drawn by
/// `key`, and at least `least`, or all if there are fewer.
std::vector<int32_t> hidden_nodes(const LabelInputs& labels, double share, uint64_t key, int64_t least = 1);

}  // namespace graphsieve
