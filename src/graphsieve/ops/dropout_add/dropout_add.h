// SPDX-License-Identifier: Apache-2.0
// The sum y = residual + dropout(x), with a mask that is keyed by element.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns residual + dropout(x) for x of any shape, float32 or float64, a residual of the same shape and type (or
/// absent) and 0 <= p < 1. Element e of x (row-major) is kept iff mix32(key, e) >= p · 2^32, see README.md.
/// Differentiable in x and residual. Throws c10::Error if a shape, type or p does not fit.
GRAPHSIEVE_API at::Tensor dropout_add(const at::Tensor& x, const std::optional<at::Tensor>& residual, double p,
                                      int64_t key);

}  // namespace graphsieve::ops
