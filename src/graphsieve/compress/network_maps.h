// SPDX-License-Identifier: Apache-2.0
// A trained network as linear maps in float64. Every norm is folded into the maps around the norm, every logit is a
// bilinear form, and every skip path has a map. Each method of compression takes such maps and returns narrower maps.
//
//   h₀ = input(x)                        x: output of the input layers (outer width)
//   blocks as in nn/linear_maps.h
//   y  = output layers of the last h
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// The maps of a network.
struct NetworkMaps {
  Affine input;  ///< map from the outer width to the width of the first layer's input
  std::vector<LayerMaps> layers;
  std::vector<Affine> output;  ///< output layers, with a ReLU between two of them
  /// Returns the width of the residual stream. Only the first layer's input can have another width.
  int64_t width() const { return layers.at(0).ffn_out.size(0); }
};

/// The vectors at the places of one layer. Rows are nodes.
struct LayerTrace {
  at::Tensor input, attended, mid, units;  ///< input h, output of the attention, mid, units after the ReLU
  at::Tensor scores;                       ///< [edges, heads], attention scores; undefined if not requested
};
/// The vectors at all places of a network.
struct Trace {
  std::vector<LayerTrace> layers;
  at::Tensor last, logits;  ///< output of the last layer; output of the output layers
};

/// Returns the maps of a trained network. Throws Error if the network does not consist of affine maps (Block::maps).
NetworkMaps maps_of(nn::Transformer& network);

/// Computes the vectors at all places for the whole graph, from `outer` [n, outer width] and the edges of every layer.
/// The result has the type of the maps (float32 or float64) and can be differentiated.
Trace trace(const NetworkMaps& maps, const at::Tensor& outer, const std::vector<LayerEdges>& edges, bool with_scores);

/// Returns the maps with all tensors converted to `type`.
NetworkMaps converted(const NetworkMaps& maps, at::ScalarType type);

/// Returns a network of `shape` (form compressed) with these maps and the input layers of `from`. If the shape has
/// BatchNorms, they are set to the statistics of `trace`, so that the network computes what the maps compute, and
/// training can continue from there.
nn::Transformer network_of(const NetworkMaps& maps, const nn::TransformerShape& shape, nn::Transformer& from,
                           const Trace& trace);

/// Returns a copy of `wide` (form bilinear) with the attention of these maps; all other parts are those of `wide`.
nn::Transformer with_attention_of(const NetworkMaps& maps, nn::Transformer& wide);

/// Returns the compressed form of the shape `wide`, with the widths of `maps`.
nn::TransformerShape shape_of(const NetworkMaps& maps, const nn::TransformerShape& wide);

}  // namespace graphsieve
