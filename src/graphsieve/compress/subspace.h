// SPDX-License-Identifier: Apache-2.0
// Low-dimensional subspaces of what flows through a network, and which units of a hidden layer span the others.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

/// Ranks count singular values above this share of the largest.
constexpr double kRankTolerance = 1e-9;

/// x [n, D], rows are vectors.
struct Spectrum {
  at::Tensor basis;            ///< [D, min(n, D)] orthonormal columns, the principal directions in order (not centred)
  at::Tensor singular_values;  ///< [min(n, D)]
  int64_t rank() const;
  /// The first `width` directions [D, width]; zero columns where there are fewer.
  at::Tensor leading(int64_t width) const;
};
Spectrum spectrum(const at::Tensor& x);

/// ‖x_i − U Uᵀ x_i‖ for every row [n]; U [D, d] with orthonormal (or zero) columns.
at::Tensor distances(const at::Tensor& x, const at::Tensor& basis);

/// The smallest width whose leading directions come within `epsilon` of every row.
int64_t width_within(const at::Tensor& x, const Spectrum& of_x, double epsilon);

/// Columns of units [n, f] picked one by one, each the furthest from the span of those before (pivoted QR): int64 [k].
at::Tensor pivot_columns(const at::Tensor& units, int64_t k);

/// Least squares: lift [f, k] with units ≈ units[:, picked] liftᵀ.
at::Tensor lift_of(const at::Tensor& units, const at::Tensor& picked);

/// The smallest of the ascending values that at least `share` of them do not exceed.
double value_at_share(const at::Tensor& sorted, double share);

/// Least squares of y [n, b] on x [n, a]: [b, a], with a ridge relative to x's mean square.
at::Tensor regression(const at::Tensor& x, const at::Tensor& y, double ridge);

}  // namespace graphsieve
