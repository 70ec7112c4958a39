// A trained network as linear maps in float64: every norm folded into the maps around it, every logit a bilinear form, a
// map on every skip path. Each compression takes such maps and gives narrower ones.
//
//   h₀   = input(x)                                        x: what the input layers give (outer width)
//   a_i  = Σ_j softmax_j(clamp((Q_t h_i + α_t)·(K h_j + κ) + β_t)) (V h_j + ν)    heads side by side
//   mid  = O a + S h + s
//   h'   = F₂ relu(F₁ mid + f₁) + R mid + r
//   y    = output layers of the last h'
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// y = x Wᵀ + b, on rows.
struct Affine {
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out]
  at::Tensor operator()(const at::Tensor& x) const;
  int64_t in() const { return weight.size(1); }
  int64_t out() const { return weight.size(0); }
};

struct LayerMaps {
  at::Tensor query, query_bias;  ///< [heads, maps, key, width], [heads, maps, key]; maps is 1 or the edge types
  at::Tensor key, key_bias;      ///< [heads, key, width], [heads, key]
  at::Tensor value, value_bias;  ///< [heads, value, width], [heads, value]
  at::Tensor type_bias;          ///< [types, heads]
  double clamp = 0;              ///< infinity for none
  at::Tensor attention_out;      ///< [mid, heads · value]
  Affine attention_skip;         ///< width -> mid; its bias is the sum's
  Affine ffn_in;                 ///< mid -> units
  at::Tensor ffn_out;            ///< [next width, units]
  Affine ffn_skip;               ///< mid -> next width; its bias is the sum's
  int64_t heads() const { return query.size(0); }
};

struct NetworkMaps {
  Affine input;                ///< outer width -> width
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

/// Throws Error where the network is not made of affine maps: GraphNorm, whose statistics are the graph's.
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
