// SPDX-License-Identifier: Apache-2.0
// Finds clusters of a layer's vectors, and measures how far the clusters are from the assumptions of Theorem 4.4.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

/// Clusters of n vectors h [n, D] with the centres c.
struct Clusters {
  at::Tensor centre;                 ///< [clusters, D], centres of the clusters
  at::Tensor member_of;              ///< int64 [n], number of each vector's cluster
  double shortest = 0, longest = 0;  ///< γ₁ and γ₂: the smallest and the largest ‖c‖
  double radius = 0;                 ///< largest ‖h − c‖ / ‖c‖ of a vector and the centre of its cluster
  double separation = 0;             ///< largest c_a·c_b / (γ₁² / 2) with a ≠ b; the theorem assumes at most 1
};

/// Returns at most `count` clusters of the rows of x [n, D]. Each first centre is the row that is furthest from the
/// centres before (Gonzalez 1985); then Lloyd's steps improve the centres.
Clusters clusters_of(const at::Tensor& x, int64_t count);

}  // namespace graphsieve
