// SPDX-License-Identifier: Apache-2.0
// Finds low-dimensional subspaces of the vectors in a network, and the units of a hidden layer that span the other
// units.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

/// A rank is the number of singular values above this share of the largest singular value.
constexpr double kRankTolerance = 1e-9;

/// The singular value decomposition of vectors x [n, D], one per row.
struct Spectrum {
  at::Tensor basis;            ///< [D, min(n, D)] orthonormal columns, the principal directions in order (not centred)
  at::Tensor singular_values;  ///< [min(n, D)], in descending order
  /// Returns the number of dimensions that the vectors span (see kRankTolerance).
  int64_t rank() const;
  /// Returns the first `width` directions [D, width], followed by zero columns if there are fewer directions.
  at::Tensor leading(int64_t width) const;
};
/// Returns the spectrum of x [n, D].
Spectrum spectrum(const at::Tensor& x);

/// Returns the distance ‖x_i − U Uᵀ x_i‖ of every row from the span of the basis U [D, d], as [n]. U has orthonormal
/// columns; columns may also be zero.
at::Tensor distances(const at::Tensor& x, const at::Tensor& basis);

/// Returns the smallest width whose leading directions span a subspace within the distance `epsilon` of every row.
int64_t width_within(const at::Tensor& x, const Spectrum& of_x, double epsilon);

/// Picks k columns of units [n, f] one by one, each the column furthest from the span of the columns before (pivoted
/// QR). Returns their numbers, int64 [k].
at::Tensor pivot_columns(const at::Tensor& units, int64_t k);

/// Returns the lift [f, k] with units ≈ units[:, picked] liftᵀ, by least squares.
at::Tensor lift_of(const at::Tensor& units, const at::Tensor& picked);

/// Returns the smallest of the ascending values for which at least `share` of all values are not larger.
double value_at_share(const at::Tensor& sorted, double share);

/// Returns the least squares map W [b, a] with y ≈ x Wᵀ, for x [n, a] and y [n, b]. The ridge is relative to the mean
/// square of the columns of x.
at::Tensor regression(const at::Tensor& x, const at::Tensor& y, double ridge);

}  // namespace graphsieve
