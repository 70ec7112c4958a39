// SPDX-License-Identifier: Apache-2.0
// Narrows a network to subspaces. At every place of the residual stream h ≈ U g, where U has orthonormal columns. A map
// W between two places becomes U'ᵀ W U, and a skip path becomes the change of basis between the two places ("A Theory
// for Compressibility of Graph Transformers", proofs of Propositions 4.1 and 4.3 and of Theorem 4.2; the paper leaves
// out the skip paths).
#pragma once

#include "graphsieve/compress/network_maps.h"

namespace graphsieve {

/// The units of a hidden layer that stay, and the linear map from the units that stay to all units. If the tensors are
/// undefined, all units stay.
struct Units {
  at::Tensor picked;  ///< int64 [k], numbers of the units that stay
  at::Tensor lift;    ///< [f, k], with units ≈ units[:, picked] liftᵀ
};

/// The bases of the subspaces of a network: matrices [D, d] with orthonormal columns, and zero columns where the
/// vectors span fewer than d dimensions.
struct Bases {
  std::vector<at::Tensor> stream;  ///< for the input of each layer, then for the output of the last layer
  std::vector<at::Tensor> mid;     ///< for the mid of each layer
  std::vector<Units> units;        ///< for the hidden units of each layer
};

/// Returns the wide network's maps in the coordinates of the bases.
NetworkMaps carried(const NetworkMaps& wide, const Bases& bases);

/// Returns the `width` leading directions of the vectors at every place in `trace`; all units stay.
Bases principal_bases(const Trace& trace, int64_t width);

/// True if the queries and keys of a layer have more than d numbers per head and no biases: they can then be narrowed
/// to d numbers per head.
bool logits_wider_than(const LayerMaps& layer, int64_t d);

/// Puts the map O behind the attention into the value maps, if the values have more numbers per head than O has rows,
/// and no bias: each head's values become O_h V_h h, and O adds up the heads. The layer computes the same.
void merge_out_into_values(LayerMaps& layer);

/// Rewrites the queries, keys and values of a layer for the coordinates g, with h = U g and U = `basis` [D, d]. The
/// maps are multiplied by U. If the keys then have more than d numbers per head and no biases, each query map becomes
/// the whole bilinear form Kᵀ Q, and the keys become g. If the values have more than d numbers per head and no bias,
/// the values become g, and the value map moves into the map behind the attention.
void narrow_attention(LayerMaps& layer, const at::Tensor& basis);

}  // namespace graphsieve
