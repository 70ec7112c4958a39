// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/bilinear.h"

#include <torch/torch.h>

namespace graphsieve::nn {

using at::Tensor;

Tensor query_map_scale(int64_t types, int64_t heads, int64_t maps, int64_t head_width, at::ScalarType type) {
  // [types, maps]: ones for a single map, otherwise the identity matrix. The other dimensions repeat this matrix.
  Tensor scale = maps == 1 ? at::ones({types, 1}, type) : at::eye(types, type);
  return scale.view({types, 1, maps, 1}).expand({types, heads, maps, head_width}).reshape({types, -1});
}

Tensor repeat_keys(const Tensor& keys, int64_t heads, int64_t maps) {
  if (maps == 1) return keys;
  const int64_t n = keys.size(0), width = keys.size(1) / heads;
  return keys.view({n, heads, 1, width}).expand({n, heads, maps, width}).reshape({n, -1});
}

BilinearAttentionImpl::BilinearAttentionImpl(const AttentionShape& shape) : AttentionImpl(shape) {
  type_bias_ = register_parameter("type_bias", torch::zeros({shape.edge_types, shape.heads}, ParametersOn::options()));
}

// The temperature is not used: only the estimator has one, and the estimator's attention is never bilinear.
LogitTables BilinearAttentionImpl::tables(double) const {
  return {query_map_scale(shape_.edge_types, shape_.heads, shape_.query_maps, shape_.key_width / shape_.heads,
                          type_bias_.scalar_type()),
          type_bias_};
}

Tensor BilinearAttentionImpl::key_value(const Tensor& h) const {
  const Tensor kv = key_value_->forward(h);
  if (shape_.query_maps == 1) return kv;
  const Tensor keys = kv.narrow(1, 0, shape_.key_width).contiguous();
  return torch::cat({repeat_keys(keys, shape_.heads, shape_.query_maps), kv.slice(1, shape_.key_width)}, 1);
}

void BilinearAttentionImpl::write_maps(LayerMaps& maps) const {
  write_keys_and_values(maps);
  const int64_t heads = shape_.heads, key = shape_.key_width / heads;
  const Affine query = query_->affine();
  maps.query = query.weight.view({heads, shape_.query_maps, key, shape_.width});
  maps.query_bias = query.bias.view({heads, shape_.query_maps, key});
}

}  // namespace graphsieve::nn
