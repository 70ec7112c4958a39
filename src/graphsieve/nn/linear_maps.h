// SPDX-License-Identifier: Apache-2.0
// A trained block as linear maps in float64, with their meaning: what the operator norms measure and what compression
// narrows.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace graphsieve {

/// y = x Wᵀ + b, on rows.
struct Affine {
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out]
  at::Tensor operator()(const at::Tensor& x) const;
  int64_t in() const { return weight.size(1); }
  int64_t out() const { return weight.size(0); }
};

/// The affine map that gives its input back.
Affine identity_map(int64_t width);

/// y = scale ⊙ x + shift, on rows: a trained norm.
struct Diagonal {
  at::Tensor scale, shift;  ///< [width]
};

/// A block with its norms folded into the maps around them and its logits as bilinear forms.
///
///   a_i = Σ_j softmax_j(clamp((Q_t h_i + α_t)·(K h_j + κ) + β_t)) (V h_j + ν)    heads side by side
///   mid = O a + S h + s
///   h'  = F₂ relu(F₁ mid + f₁) + R mid + r
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

/// The weight [out, in] of one linear map of a network, as it is in the network.
struct NamedMap {
  std::string name;  ///< such as "layer_0.attention.key"
  at::Tensor weight;
};

}  // namespace graphsieve
