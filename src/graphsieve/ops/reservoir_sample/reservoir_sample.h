// SPDX-License-Identifier: Apache-2.0
// k in-edges of every node, by weighted reservoir sampling (Efraimidis and Spirakis 2006: key −ln(u) / weight, the k
// smallest are kept), uniformly, or the k largest.
//
// Example: a node with in-edges from 3, 5, 8 of weights .5, .5, 0 and k = 2: sources {3, 5}, always.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "graphsieve/base/export.h"
#include "graphsieve/ops/reservoir_sample/sample_rule.h"

namespace graphsieve::ops {

using kernels::SampleRule;

/// row_start int64 [n + 1], index int32 [edges], type uint8 [edges], rows sorted by (type, index); weight float32
/// [edges], at least 0 (absent for kUniform; thresholds expect a row's sum near 1, which costs time alone if it is not
/// so); rows int32 [r], the nodes to draw for, or absent for all.
///
/// Returns, of each row's k edges in the graph's order, the source int32 [r, k] and the position in the row int32 [r,
/// k]: edge row_start[row] + position was drawn. A node with fewer than k edges keeps all, and is filled by drawing
/// from them again with replacement; a node without edges has −1 throughout. A draw depends on key, node and edge
/// alone. Throws c10::Error where a shape or type does not fit or k < 1.
GRAPHSIEVE_API std::tuple<at::Tensor, at::Tensor> reservoir_sample(const at::Tensor& row_start, const at::Tensor& index,
                                                                   const at::Tensor& type,
                                                                   const std::optional<at::Tensor>& weight,
                                                                   const std::optional<at::Tensor>& rows, int64_t k,
                                                                   SampleRule rule, int64_t key);

}  // namespace graphsieve::ops
