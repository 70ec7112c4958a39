// SPDX-License-Identifier: Apache-2.0
// The sizes of a network, from a recipe and from what a data set asks of it.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "graphsieve/nn/layers.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve::nn {

/// What a network gives per node.
struct OutputShape {
  int64_t columns = 0;
  bool one_logit = false;  ///< of two columns: the last layer computes the second one, the first is 0
};

/// What a data set asks of a network, whatever the network is.
struct NetworkInterface {
  int64_t features = 0;  ///< columns of the node features
  OutputShape output;
  int64_t edge_types = 3;  ///< types of the attention graph's edges
};

struct TransformerShape {
  std::string network = "spexphormer";                ///< name in the registry (nn/networks.h)
  int64_t features = 0, outputs = 0, edge_types = 3;  ///< outputs: columns of what the network gives
  int64_t width = 0, heads = 1, layers = 0, pre_layers = 0, output_layers = 1, ffn_width = 0;
  NormKind norm = NormKind::kBatch;
  double dropout = 0;
  double clamp = 0;                  ///< bound on the size of the logits; 0: none
  double value_scale = 0;            ///< of attention with values of unit length: the length that they begin with
  at::ScalarType rows = at::kFloat;  ///< type of the operands of the blocks' products and attention; see keep_rows_in
  bool recompute = false;            ///< the backward pass computes the halves of a block again (nn/recompute.h)
  bool one_logit = false;            ///< see OutputShape

  // Sizes that only compressed networks have; 0: width.
  bool bilinear =
      false;  ///< any bilinear form per edge type as logits (nn/bilinear.h), in place of the network's own form
  bool compressed = false;                 ///< maps on the residual paths
  int64_t query_maps = 1;                  ///< query maps of bilinear attention: 1, or one for each edge type
  int64_t key_width = 0, value_width = 0;  ///< over all heads
  int64_t outer_width = 0;                 ///< width of the input's pre layers and between the output layers

  /// Number of outputs that the last layer computes.
  int64_t computed_outputs() const { return one_logit ? 1 : outputs; }
};

/// The shape of the estimator and of the wide network that a recipe describes. Throws Error on an unknown recipe.model.
TransformerShape estimator_shape(const Recipe& recipe, const NetworkInterface& interface);
TransformerShape network_shape(const Recipe& recipe, const NetworkInterface& interface);

/// `given`, or `otherwise` if it is 0.
inline int64_t or_else(int64_t given, int64_t otherwise) { return given > 0 ? given : otherwise; }

}  // namespace graphsieve::nn
