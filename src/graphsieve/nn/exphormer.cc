#include "graphsieve/nn/exphormer.h"

#include <torch/torch.h>

#include <cmath>

namespace graphsieve::nn {

ExphormerAttentionImpl::ExphormerAttentionImpl(const AttentionShape& shape) : AttentionImpl(shape) {
  edge_type_ = register_edge_types(*this, shape);
  scale_ = register_module("edge_scale", Linear(shape.width, shape.key_width, false));
}

LogitTables ExphormerAttentionImpl::tables(double) const {
  const double d = static_cast<double>(shape_.key_width / shape_.heads);
  return {scale_->forward(edge_type_) / std::sqrt(d), torch::zeros({shape_.edge_types, shape_.heads}, query_->weight.options())};
}

}  // namespace graphsieve::nn
