// SPDX-License-Identifier: Apache-2.0
// A trained network as linear maps in float64: every norm folded into the maps around it, every logit a bilinear form,
// a map on every skip path. Each compression takes such maps and gives narrower ones.
//
//   h₀ = input(x)                        x: what the input layers give (outer width)
//   blocks as in nn/linear_maps.h
//   y  = output layers of the last h
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

struct NetworkMaps {
  Affine input;  ///< outer width -> width
  std::vector<LayerMaps> layers;
  std::vector<Affine> output;  ///< ReLU between them
  int64_t width() const { return input.out(); }
};

/// What flows through a network: of each layer its input h, the attention's output, mid, the units after ReLU; then the
/// last layer's output. Rows are nodes.
struct LayerTrace {
  at::Tensor input, attended, mid, units;
  at::Tensor scores;  ///< [edges, heads], if asked for
};
struct Trace {
  std::vector<LayerTrace> layers;
  at::Tensor last, logits;
};

/// Throws Error where the network is not made of affine maps (Block::maps).
NetworkMaps maps_of(nn::Transformer& network);

/// `outer` [n, outer width] and the edges of every layer, over the whole graph. Of the maps' type (float32 or float64);
/// differentiable.
Trace trace(const NetworkMaps& maps, const at::Tensor& outer, const std::vector<LayerEdges>& edges, bool with_scores);

NetworkMaps converted(const NetworkMaps& maps, at::ScalarType type);

/// A network of `shape` (form compressed) with these maps, whose input layers are `from`'s. BatchNorms, where the shape
/// has them, stand at the statistics of `trace`, so that the network is the maps and trains on from there.
nn::Transformer network_of(const NetworkMaps& maps, const nn::TransformerShape& shape, nn::Transformer& from,
                           const Trace& trace);

/// `wide` with the queries and keys of these maps, all else as it is (form bilinear).
nn::Transformer with_attention_of(const NetworkMaps& maps, nn::Transformer& wide);

/// The compressed form of `wide` with the widths of `maps`.
nn::TransformerShape shape_of(const NetworkMaps& maps, const nn::TransformerShape& wide);

}  // namespace graphsieve
