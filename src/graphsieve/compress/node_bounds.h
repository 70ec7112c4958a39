// SPDX-License-Identifier: Apache-2.0
// Bounds of the error of a compressed network, one per node, computed from the wide network alone: from its maps, from
// its vectors on the graph, and from what each construction leaves out. docs/method.md ("Bounds of compressed
// networks") derives every formula. The bounds hold for skip paths, for folded norms, for several heads and for query
// maps by edge type, which the theorems of the paper leave out.
#pragma once

#include <vector>

#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/network_maps.h"

namespace graphsieve {

/// What the bounds of one layer's attention say.
struct AttentionBound {
  at::Tensor mid;     ///< [destinations], bound of ‖ĥ(l+1/2) − h(l+1/2)‖ before any projection
  double logits = 0;  ///< bound of |ẑ − z| of every logit z; each attention ratio a/â is within exp(±2 · this number)
};

/// Returns the bounds for a layer that computes what the wide layer computes, on inputs that differ from the wide
/// layer's by at most `error` [n] per node. `dot_error` is the relative error of a dot product: |⟨q, k⟩' − q·k| ≤
/// dot_error ‖q‖‖k‖ (Theorem 3.3's ε); 0: dot products are exact.
AttentionBound attention_bound(const LayerMaps& layer, const LayerTrace& wide, const LayerEdges& edges,
                               const at::Tensor& error, double dot_error = 0);

/// Bounds for a whole network.
struct NetworkBound {
  at::Tensor outputs;          ///< [n], bound of ‖ŷ − y‖, the outputs' error per node
  std::vector<double> logits;  ///< per layer, bound of the error of every attention logit
};

/// Returns the bounds for the network that carried() makes of the wide network with these bases (Proposition 4.1,
/// Theorem 4.2, Proposition 4.3).
NetworkBound carried_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                           const Bases& bases);

/// Returns the bounds for the wide network with every dot product of a query and a key off by at most epsilon times
/// their lengths (Theorem 3.3).
NetworkBound dot_product_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                               double epsilon);

/// The cluster units of a layer (Theorem 4.4): unit c is relu(4 ĉ·h / ‖ĉ‖² − 3), and the layer's output is the sum of
/// the units times the images.
struct ClusterUnits {
  at::Tensor centre;     ///< [clusters, mid width], the centres
  at::Tensor member_of;  ///< int64 [n], cluster of each vector
  at::Tensor image;      ///< [clusters, next width], the images of the centres
};

/// Returns the rows g [clusters, mid width] through which narrow units see the wide layer's mid: with Uᵀ mid and Uᵀ c
/// in place of mid and c, unit c is relu(4 g·mid − 3) for g = U Uᵀ c / ‖Uᵀ c‖². `basis` is U [mid width, d], of any
/// columns.
at::Tensor unit_directions(const at::Tensor& centre, const at::Tensor& basis);

/// Returns the bounds for the network with cluster units that carried() and the units make. The columns of
/// bases.mid[l] span the centres of layer l, those of bases.stream[l + 1] span the images; bases.mid[0] may be any
/// matrix. `first_dot_error` is the relative error of the first layer's dot products (attention_bound).
NetworkBound cluster_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                           const Bases& bases, const std::vector<ClusterUnits>& units, double first_dot_error = 0);

}  // namespace graphsieve
