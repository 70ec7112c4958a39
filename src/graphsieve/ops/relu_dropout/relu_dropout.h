// SPDX-License-Identifier: Apache-2.0
// The function y = dropout(max(x, 0)), with a mask that is keyed by element. Only y is kept for the backward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns dropout(max(x, 0)) for x of any shape, float32 or float64, and 0 <= p < 1, with the mask of dropout_add.
/// Differentiable in x. Throws c10::Error if the type or p does not fit.
GRAPHSIEVE_API at::Tensor relu_dropout(const at::Tensor& x, double p, int64_t key);

}  // namespace graphsieve::ops
