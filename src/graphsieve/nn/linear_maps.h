// SPDX-License-Identifier: Apache-2.0
// The linear maps of a trained network: the maps of a block in float64, which compression narrows, and weights by name,
// whose operator norms are measured (nn/norms.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace graphsieve {

/// The affine map y = x Wᵀ + b of rows x.
struct Affine {
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out]
  /// Returns the map of x [n, in]: [n, out].
  at::Tensor operator()(const at::Tensor& x) const;
  int64_t in() const { return weight.size(1); }
  int64_t out() const { return weight.size(0); }
};

/// Returns the affine map that returns its input of `width` columns.
Affine identity_map(int64_t width);

/// The map y = scale ⊙ x + shift of rows x: a trained norm.
struct Diagonal {
  at::Tensor scale, shift;  ///< [width]
};

/// A block whose norms are folded into the maps around them and whose logits are bilinear forms.
///
///   a_i = Σ_j softmax_j(clamp((Q_t h_i + α_t)·(K h_j + κ) + β_t)) (V h_j + ν)    heads side by side
///   mid = O a + S h + s
///   h'  = F₂ relu(F₁ mid + f₁) + R mid + r
struct LayerMaps {
  /// Q: [heads, maps, key, width], α: [heads, maps, key]; `maps` is 1 or the number of edge types.
  at::Tensor query, query_bias;
  at::Tensor key, key_bias;      ///< K, κ: [heads, key, width], [heads, key]
  at::Tensor value, value_bias;  ///< V, ν: [heads, value, width], [heads, value]
  at::Tensor type_bias;          ///< β [types, heads]
  double clamp = 0;              ///< bound on the size of the logits; infinity: none
  at::Tensor attention_out;      ///< O [mid, heads · value]
  Affine attention_skip;         ///< S: width -> mid, with the bias s of the sum
  Affine ffn_in;                 ///< F₁: mid -> units, with the bias f₁
  at::Tensor ffn_out;            ///< F₂ [next width, units]
  Affine ffn_skip;               ///< R: mid -> next width, with the bias r of the sum
  int64_t heads() const { return query.size(0); }
};

/// The weight of one linear map of a network, in the network's own type and memory.
struct NamedMap {
  std::string name;   ///< such as "layer_0.attention.key"
  at::Tensor weight;  ///< [out, in]
};

}  // namespace graphsieve
