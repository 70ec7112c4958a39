// SPDX-License-Identifier: Apache-2.0
// Johnson-Lindenstrauss matrices.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace graphsieve {

/// M [d, from], float64, with E[(M x)·(M y)] = x·y: entries N(0, 1/d), or sparse signs √(3/d)·{+1: 1/6, 0: 2/3, −1:
/// 1/6} (Achlioptas 2003).
at::Tensor jl_matrix(int64_t d, int64_t from, bool sign, uint64_t key);

}  // namespace graphsieve
