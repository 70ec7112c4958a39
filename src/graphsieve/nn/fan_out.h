// SPDX-License-Identifier: Apache-2.0
// Uses of the rows of a matrix whose gradients are computed on all threads: several uses of its first rows, and a use
// of some of its rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace graphsieve::nn {

/// Returns h [n, width] once per entry of `counts`: result i is a view of the first counts[i] rows. In the backward
/// pass the gradients of the results are added in their order, on the threads of the pool and in one pass over memory.
/// Torch alone would copy the gradient of every part into a matrix of zeros, and add these matrices on one thread.
/// Expects counts[0] = n and 0 <= counts[i] <= n.
std::vector<at::Tensor> fan_out(const at::Tensor& h, const std::vector<int64_t>& counts);

/// Returns the rows of h [n, width] at `rows`, int32 [count], which are all different and in range. Both ways on the
/// threads of the pool.
at::Tensor picked_rows(const at::Tensor& h, const at::Tensor& rows);

}  // namespace graphsieve::nn
