// SPDX-License-Identifier: Apache-2.0
// The linear map of a table with a few rows, such as the embeddings of edge types. ops::linear is made for the rows of
// nodes: it fills up a few rows to a whole piece of 192.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::nn {

/// Returns factor · (x Wᵀ + b) for x [n, in], weight [out, in] and bias [out] (undefined: none), float32 or float64.
/// Differentiable in x, weight and bias.
at::Tensor small_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double factor);

}  // namespace graphsieve::nn
