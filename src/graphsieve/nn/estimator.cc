#include "graphsieve/nn/estimator.h"

#include <torch/torch.h>

#include <cmath>

namespace graphsieve::nn {

using at::Tensor;

EstimatorAttentionImpl::EstimatorAttentionImpl(const AttentionShape& shape, double value_scale) : AttentionImpl(shape) {
  edge_type_ = register_edge_types(*this, shape);
  value_scale_ = register_parameter("value_scale", torch::full({1}, value_scale, ParametersOn::options()));
  scale_ = register_module("edge_scale", Linear(shape.width, shape.key_width, false));
  bias_ = register_module("edge_bias", Linear(shape.width, shape.heads, true));
}

LogitTables EstimatorAttentionImpl::tables(double temperature) const {
  const int64_t types = shape_.edge_types, d = shape_.key_width / shape_.heads;
  const Tensor e1 = scale_->forward(edge_type_).view({types, shape_.heads, d});
  const Tensor scale = e1.sum(2, true).expand({types, shape_.heads, d}) / (std::sqrt(static_cast<double>(d)) * temperature);
  return {scale.reshape({types, shape_.key_width}), bias_->forward(edge_type_) / temperature};
}

Tensor EstimatorAttentionImpl::key_value(const Tensor& h) const {
  const Tensor kv = key_value_->forward(h);
  const Tensor v = kv.slice(1, shape_.key_width);
  const Tensor unit = v / v.norm(2, {1}, true).clamp_min(kTiny);
  return torch::cat({kv.slice(1, 0, shape_.key_width), unit * value_scale_}, 1);
}

}  // namespace graphsieve::nn
