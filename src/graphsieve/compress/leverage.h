// SPDX-License-Identifier: Apache-2.0
// Draws hidden units by their leverage scores ("A Theory for Compressibility of Graph Transformers", Definition C.2 and
// Lemma C.3).
#pragma once

#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {

/// Returns the number of units to draw for the width d: ⌈d ln d⌉, at least 1.
int64_t leverage_count(int64_t d);

/// Draws k of the f units with replacement, with probabilities proportional to their leverage scores in the d leading
/// directions A [f, d] of the units. The lift from the drawn units to all units is A (S A)⁺ S, where S picks the drawn
/// units and scales them. A unit that is drawn more than once is picked once, with the weight of all its draws. The
/// places that are left over then pick unit 0, and their columns of the lift are zero.
Units leverage_units(const Spectrum& of_units, int64_t d, int64_t k, uint64_t key);

}  // namespace graphsieve
