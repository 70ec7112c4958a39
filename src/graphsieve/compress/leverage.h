// SPDX-License-Identifier: Apache-2.0
// Rows by leverage scores (paper 003, Definition C.2 and Lemma C.3).
#pragma once

#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {

/// ⌈d ln d⌉, at least 1.
int64_t leverage_count(int64_t d);

/// k draws with replacement of units, each with the chance of its leverage score in the d leading directions A [f, d],
/// and lift = A (S A)⁺ S. A unit drawn more than once stands once, with its weight; idle places lift to nothing.
Units leverage_units(const Spectrum& of_units, int64_t d, int64_t k, uint64_t key);

}  // namespace graphsieve
