// SPDX-License-Identifier: Apache-2.0
// Narrowing a network to subspaces: h ≈ U g at every place of the residual stream, so that every map W between two
// places becomes U'ᵀ W U and a skip path the change of basis between them (paper 003, proofs of Propositions 4.1
// and 4.3 and of Theorem 4.2, with the skip paths that they leave out).
#pragma once

#include "graphsieve/compress/network_maps.h"

namespace graphsieve {

/// Which units of a hidden layer stay, and how all units follow from them; undefined: all stay.
struct Units {
  at::Tensor picked;  ///< int64 [k]
  at::Tensor lift;    ///< [f, k]
};

struct Bases {
  std::vector<at::Tensor> stream;  ///< of every layer's input and the last one's output: [D, d], orthonormal columns
  std::vector<at::Tensor> mid;     ///< of every layer's mid [D, d]
  std::vector<Units> units;        ///< of every layer
};

NetworkMaps carried(const NetworkMaps& wide, const Bases& bases);

/// The leading directions of everything in `trace`; all units stay.
Bases principal_bases(const Trace& trace, int64_t width);

/// Queries and keys of a layer on coordinates g, h = U g: the maps after U, or where they are wider than U's columns,
/// the form itself against keys that are g. Values likewise.
void narrow_attention(LayerMaps& layer, const at::Tensor& basis);

}  // namespace graphsieve
