// SPDX-License-Identifier: Apache-2.0
// Multi-head attention of destinations over their in-edges, with edge types. It is the one operator behind the
// estimator, Exphormer, Spexphormer and the plain transformer.
//
//   logit(j→i, head h) = clamp( leaky( Σ_c q_i[c] k_j[c] type_scale[t][c]  +  type_bias[t][h] ),  ±clamp )  c over head
//   h out_i = Σ_j softmax_j(logit + ln w_ij) v_j                       w: weights of the edges, 1 if there are none
//   leaky(x) = x, or negative_slope · x if x < 0                     (LeakyReLU of GAT; nothing with the slope 1)
//
// If edges have features x_ij (F numbers per edge), a destination has an edge query u_i[h] (F numbers) per head beside
// its query, u_i[h] · x_ij is added to the logit before leaky(), and the output has the means Σ_j softmax_j x_ij per
// head after the values. Maps of the features to keys and values, such as PyG's lin_edge, need no row per edge then:
// q · (k + W x) = q · k + (Wᵀ q) · x, and Σ a (v + W x) = Σ a v + W Σ a x.
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
  /// [rows, F] of the rows' type: features of edges. Differentiable. CPU only.
  std::optional<at::Tensor> features = std::nullopt;
  /// int32 [edges], given with `features`: the row of each edge, by destination; −1: zeros. Edges may share a row.
  std::optional<at::Tensor> feature_row = std::nullopt;
  /// The same for the edges by source. Absent: the graph is symmetric, and both directions of an edge have one row.
  std::optional<at::Tensor> t_feature_row = std::nullopt;
  /// Probability, at least 0 and below 1, with which an edge and head is left out of the output, but not of the
  /// softmax's denominator; what stays is multiplied by 1 / (1 − dropout). The key and the ends of the edge decide. CPU
  /// only.
  double dropout = 0;
  int64_t dropout_key = 0;
};

/// Computes the attention. query is [destinations, H·dk]. key_value is [sources, H·dk + H·dv], with the keys and values
/// of a source next to each other, as they are gathered together. type_scale is [types, H·dk] and type_bias [types, H],
/// both float32 (float64 with float64 rows). Rows are float32, bfloat16 or float64 (on a GPU float32, bfloat16 or
/// float16). clamp > 0; infinity means no clamp. negative_slope > 0; another one than 1 is for the CPU alone. Returns
/// out [destinations, H·dv] of the rows' type, with zeros for a destination without edges, and log_sum [destinations,
/// H], the logarithms of the softmax's denominators. If edges have F features, query is [destinations, H·dk + H·F],
/// with the edge queries behind the queries, and out is [destinations, H·dv + H·F]. Differentiable in query, key_value,
/// type_scale and type_bias; gradients through an active clamp are zero. Throws c10::Error if a shape or type does not
/// fit. Indices and types are not checked; the caller guarantees that they are in range.
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
