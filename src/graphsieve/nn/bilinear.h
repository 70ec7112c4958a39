// SPDX-License-Identifier: Apache-2.0
// The attention of networks in bilinear or compressed form (network.form): logit = (Q_t h_i + a_t)·(K h_j + b) + β_t,
// clamped. h_iᵀ Q_tᵀ K h_j can be any bilinear form of rank key_width / heads. Each edge type t has a bilinear form of
// its own, or all types share one bilinear form (query_maps = 1).
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

/// The attention with bilinear forms as logits. The rows of the query's weight are ordered by head, then by map. The
/// keys of a head are repeated for each query map, and type_scale selects the query map of the edge's type: it is 1 for
/// this map and 0 for the others.
class BilinearAttentionImpl : public AttentionImpl {
 public:
  explicit BilinearAttentionImpl(const AttentionShape& shape);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;
  void write_maps(LayerMaps& maps) const override;

 private:
  at::Tensor type_bias_;  ///< [types, heads]
};

/// Returns the type_scale of query maps side by side: [types, heads · maps · head_width], the rows of [types, heads,
/// maps, head_width], where head_width is the key width of one head. An entry is 1 if its map has the number of its
/// type, or if there is only one map, and 0 otherwise.
at::Tensor query_map_scale(int64_t types, int64_t heads, int64_t maps, int64_t head_width, at::ScalarType type);

/// Returns keys [n, heads · width] with the keys of each head repeated `maps` times: [n, heads · maps · width].
at::Tensor repeat_keys(const at::Tensor& keys, int64_t heads, int64_t maps);

}  // namespace graphsieve::nn
