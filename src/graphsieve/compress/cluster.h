// SPDX-License-Identifier: Apache-2.0
// Clusters of a layer's vectors, and how far they are from what Theorem 4.4 assumes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

struct Clusters {
  at::Tensor centre;                 ///< [clusters, D]
  at::Tensor member_of;              ///< int64 [n]
  double shortest = 0, longest = 0;  ///< γ₁, γ₂: bounds of ‖c‖
  double radius = 0;                 ///< largest ‖h − c‖ / ‖c‖
  double separation = 0;             ///< largest c_a·c_b / (γ₁² / 2), a ≠ b; the theorem wants at most 1
};

/// At most `count` clusters of the rows of x: furthest points first (Gonzalez 1985), then Lloyd's steps.
Clusters clusters_of(const at::Tensor& x, int64_t count);

}  // namespace graphsieve
