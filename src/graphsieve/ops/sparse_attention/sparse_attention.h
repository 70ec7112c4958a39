// SPDX-License-Identifier: Apache-2.0
// Multi-head attention of destinations over their in-edges, with edge types. It is the one operator behind the
// estimator, Exphormer, Spexphormer and the plain transformer.
//
//   logit(j→i, head h) = clamp( leaky( Σ_c q_i[c] k_j[c] type_scale[t][c]  +  type_bias[t][h] ),  ±clamp )  c over head
//   h out_i = Σ_j softmax_j(logit + ln w_ij) v_j                       w: weights of the edges, 1 if there are none
//   leaky(x) = x, or negative_slope · x if x < 0                     (LeakyReLU of GAT; nothing with the slope 1)
//
// Example: destination 0 with in-edges from 1 and 2, one head, width 1, one type, scale 1, bias 0, q_0 = 1, k_1 = 0,
// k_2 = ln 3, v_1 = 4, v_2 = 8: probabilities 1/4 and 3/4, out_0 = 7.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// The edges of a call by destination: `row_start` int64 [destinations + 1], `index` int32 [edges] (sources), `type`
/// uint8 [edges]. The backward pass also walks the edges by source: t_row_start [sources + 1], t_index (destinations),
/// t_type. These three are absent if the graph is symmetric, that is, its own transpose.
struct AttentionEdges {
  at::Tensor row_start, index, type;
  std::optional<at::Tensor> t_row_start, t_index, t_type;
  /// float32 [edges], ordered by destination: logarithms of the edges' weights, finite, added to the logits of all
  /// heads after the clamp. Absent: all weights are 1. Not differentiable. CPU only.
  std::optional<at::Tensor> log_weight = std::nullopt;
};

/// Computes the attention. query is [destinations, H·dk]. key_value is [sources, H·dk + H·dv], with the keys and values
/// of a source next to each other, as they are gathered together. type_scale is [types, H·dk] and type_bias [types, H],
/// both float32 (float64 with float64 rows). Rows are float32, bfloat16 or float64 (on a GPU float32, bfloat16 or
/// float16). clamp > 0; infinity means no clamp. negative_slope > 0; another one than 1 is for the CPU alone. Returns
/// out [destinations, H·dv] of the rows' type, with zeros for a destination without edges, and log_sum [destinations,
/// H], the logarithms of the softmax's denominators. Differentiable in query, key_value, type_scale and type_bias;
/// gradients through an active clamp are zero. Throws c10::Error if a shape or type does not fit. Indices and types are
/// not checked; the caller guarantees that they are in range.
GRAPHSIEVE_API std::tuple<at::Tensor, at::Tensor> sparse_attention(const at::Tensor& query, const at::Tensor& key_value,
                                                                   const AttentionEdges& edges,
                                                                   const at::Tensor& type_scale,
                                                                   const at::Tensor& type_bias, int64_t heads,
                                                                   double clamp, double negative_slope = 1);

/// Returns the values of the softmax [edges, H], float32 (float64 for float64), recomputed from log_sum. Not
/// differentiable.
GRAPHSIEVE_API at::Tensor sparse_attention_scores(const at::Tensor& query, const at::Tensor& key_value,
                                                  int64_t value_width, const AttentionEdges& edges,
                                                  const at::Tensor& type_scale, const at::Tensor& type_bias,
                                                  int64_t heads, double clamp, const at::Tensor& log_sum,
                                                  double negative_slope = 1);

}  // namespace graphsieve::ops
