#include "graphsieve/nn/spexphormer.h"

#include <torch/torch.h>

namespace graphsieve::nn {

SpexphormerAttentionImpl::SpexphormerAttentionImpl(const AttentionShape& shape) : AttentionImpl(shape) {
  edge_type_ = register_edge_types(*this, shape);
  scale_ = register_module("edge_scale", Linear(shape.width, shape.key_width, false));
  bias_ = register_module("edge_bias", Linear(shape.width, shape.heads, true));
}

LogitTables SpexphormerAttentionImpl::tables(double) const {
  return {scale_->forward(edge_type_), bias_->forward(edge_type_)};
}

}  // namespace graphsieve::nn
