// SPDX-License-Identifier: Apache-2.0
// Attention of a compressed network: logit = (Q_t h_i + a_t)·(K h_j + b) + β_t, clamped. The form h_iᵀ Q_tᵀ K h_j is
// any bilinear form of rank key_width / heads, one for each edge type or one for all (query_maps = 1).
#pragma once

#include "graphsieve/nn/attention.h"

namespace graphsieve::nn {

/// The query's rows stand by head, then by map. Keys are repeated for each map, and type_scale picks the edge's own.
class BilinearAttentionImpl : public AttentionImpl {
 public:
  explicit BilinearAttentionImpl(const AttentionShape& shape);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;
  void write_maps(LayerMaps& maps) const override;

 private:
  at::Tensor type_bias_;  ///< [types, heads]
};

/// type_scale of query maps side by side: [types, heads, maps, key width of a head], 1 where map = type (or there is
/// one map), else 0; as [types, heads · maps · width].
at::Tensor query_map_scale(int64_t types, int64_t heads, int64_t maps, int64_t head_width, at::ScalarType type);

/// Keys [n, heads · width], each head's repeated `maps` times.
at::Tensor repeat_keys(const at::Tensor& keys, int64_t heads, int64_t maps);

}  // namespace graphsieve::nn
