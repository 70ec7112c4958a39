// SPDX-License-Identifier: Apache-2.0
// Multi-head attention whose keys and values are both the rows h of the sources. The maps W_K and W_V of an ordinary
// attention are moved to the destinations ("absorbed"), which changes nothing but the last bits:
//
//   q · (s_t ⊙ W_K h_j) = (W_Kᵀ (q ⊙ s_t)) · h_j            Σ_j a_ij W_V h_j = W_V Σ_j a_ij h_j
//
//   logit(j→i, head h) = clamp( leaky( query[i, h, t] · rows[j]  +  type_bias[t][h] ),  ±clamp )
//   out[i, h] = Σ_j softmax_j(logit + ln w_ij) rows[j]
//
// In a sampled block there are about ten times as many sources as destinations, so the maps of the destinations cost a
// tenth, and an edge gathers one row in place of two.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "graphsieve/base/export.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace graphsieve::ops {

/// Computes the attention. query is [destinations, H, queries, width]: a destination has one query per head for the
/// edges of all types (`queries` 1), or one per head and edge type (`queries` = types, type t meets query t). rows is
/// [sources, width], type_bias [types, H] float32 (float64 with float64 rows). Rows are float32, bfloat16 or float64.
/// The edges, clamp and negative_slope are those of sparse_attention. Returns out [destinations, H, width] of the rows'
/// type, with zeros for a destination without edges, and log_sum [destinations, H], the logarithms of the softmax's
/// denominators. Differentiable in query, rows and type_bias. For the CPU alone. Throws c10::Error if a shape or type
/// does not fit. Indices and types are not checked; the caller guarantees that they are in range.
GRAPHSIEVE_API std::tuple<at::Tensor, at::Tensor> absorbed_attention(const at::Tensor& query, const at::Tensor& rows,
                                                                     const AttentionEdges& edges,
                                                                     const at::Tensor& type_bias, double clamp,
                                                                     double negative_slope = 1);

/// Returns the values of the softmax [edges, H], float32 (float64 for float64), recomputed from log_sum. Not
/// differentiable.
GRAPHSIEVE_API at::Tensor absorbed_attention_scores(const at::Tensor& query, const at::Tensor& rows,
                                                    const AttentionEdges& edges, const at::Tensor& type_bias,
                                                    double clamp, const at::Tensor& log_sum, double negative_slope = 1);

}  // namespace graphsieve::ops
