// SPDX-License-Identifier: Apache-2.0
// Draws Johnson-Lindenstrauss matrices.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

/// Draws a matrix M [d, from], float64, with E[(M x)·(M y)] = x·y. The entries are N(0, 1/d) or, with `sign`, sparse
/// signs: √(3/d) times +1, 0 or −1 with the probabilities 1/6, 2/3 and 1/6 (Achlioptas 2003).
at::Tensor jl_matrix(int64_t d, int64_t from, bool sign, uint64_t key);

}  // namespace graphsieve
