// SPDX-License-Identifier: Apache-2.0
// The sizes of a network, which follow from a recipe and a data set.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "graphsieve/nn/attention_form.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve::nn {

/// The output of a network per node.
struct OutputShape {
  int64_t columns = 0;     ///< number of output columns
  bool one_logit = false;  ///< true: of two columns, the last layer computes only the second, and the first is 0
};

/// The sizes that a data set prescribes for every network.
struct NetworkInterface {
  int64_t features = 0;  ///< number of columns of the node features
  OutputShape output;
  int64_t edge_types = 3;     ///< number of edge types of the attention graph
  int64_t label_columns = 0;  ///< number of columns of the labels that are inputs (inputs/label_inputs.h); 0: none
};

/// The residual paths of the blocks: the input itself, a learned linear map of it, or no path.
enum class Skip { kIdentity, kLinear, kNone };

/// All sizes and switches of a network.
struct TransformerShape {
  std::string network = "spexphormer";                ///< name in the registry (nn/networks.h)
  int64_t features = 0, outputs = 0, edge_types = 3;  ///< numbers of feature columns, output columns and edge types
  int64_t label_columns = 0;                          ///< number of columns of the labels that are inputs
  /// width: columns of h; layers: number of blocks; pre_layers, output_layers: numbers of layers before and after the
  /// blocks; ffn_width: width of the hidden layer of an FFN.
  int64_t width = 0, heads = 1, layers = 0, pre_layers = 0, output_layers = 1, ffn_width = 0;
  NormKind norm = NormKind::kBatch;
  double dropout = 0, input_dropout = 0;  ///< shares of values dropped in the blocks, and of the input layers' output
  EdgeWeights edge_weights = EdgeWeights::kModel;
  Skip skip = Skip::kIdentity;       ///< residual paths of the blocks; compressed networks have linear maps
  bool relu = false;                 ///< true: a ReLU and the dropout follow each norm of a block
  bool ffn = true;                   ///< false: blocks have no feed-forward half
  bool scaled_logits = false;        ///< true: logits are divided by √d, whatever the network's form says
  double clamp = 0;                  ///< bound on the size of the logits; 0: none
  double value_scale = 0;            ///< initial length of the values, for attention with unit_values
  at::ScalarType rows = at::kFloat;  ///< type of the operands of the blocks' products and attention (keep_rows_in)
  at::ScalarType held = at::kFloat;  ///< type in which evaluation holds h between layers: float32 or bfloat16
  bool recompute = false;            ///< true: the backward pass recomputes both halves of each block (nn/recompute.h)
  bool one_logit = false;            ///< see OutputShape

  // The sizes of bilinear and compressed networks; a width of 0 stands for `width`.
  bool bilinear = false;    ///< true: logits are bilinear forms (nn/bilinear.h), not the network's own
  bool compressed = false;  ///< true: linear maps on the residual paths
  int64_t query_maps = 1;   ///< number of query maps of bilinear attention: 1, or the number of edge types
  int64_t key_width = 0, value_width = 0;  ///< widths over all heads
  int64_t first_width = 0;                 ///< width of the input of the first block
  int64_t outer_width = 0;                 ///< width of the input's pre layers, and between the output layers

  /// Returns the number of output columns that the last layer computes.
  int64_t computed_outputs() const { return one_logit ? 1 : outputs; }
};

/// Returns the shape of the estimator that a recipe describes.
TransformerShape estimator_shape(const Recipe& recipe, const NetworkInterface& interface);
/// Returns the shape of the wide network that a recipe describes. Throws Error if recipe.model is unknown.
TransformerShape network_shape(const Recipe& recipe, const NetworkInterface& interface);

/// Returns `given`, or `otherwise` if `given` is 0.
inline int64_t or_else(int64_t given, int64_t otherwise) { return given > 0 ? given : otherwise; }

}  // namespace graphsieve::nn
