#include "graphsieve/nn/attention.h"

#include <torch/torch.h>

namespace graphsieve::nn {

using at::Tensor;

AttentionImpl::AttentionImpl(const AttentionShape& shape) : shape_(shape) {
  query_ = register_module("query", Linear(shape.width, shape.query_maps * shape.key_width, shape.bias));
  key_value_ = register_module("key_value", Linear(shape.width, shape.key_width + shape.value_width, shape.bias));
}

Tensor AttentionImpl::key_value(const Tensor& h) const { return key_value_->forward(h); }

Tensor AttentionImpl::forward(const Tensor& h_destinations, const Tensor& h_sources, const LayerEdges& layer,
                              const ForwardOptions& options) {
  const Tensor q = query_(h_destinations), kv = key_value(h_sources);
  const LogitTables logit = tables(options.temperature);
  auto [out, log_sum] = ops::sparse_attention(q, kv, layer.edges, logit.scale, logit.bias, shape_.heads, shape_.clamp);
  if (options.pool) {
    const Tensor& values = (*options.pool)[options.pooled->size()];
    const Tensor key_and_those = torch::cat({kv.narrow(1, 0, kv.size(1) - shape_.value_width), values}, 1);
    options.pooled->push_back(std::get<0>(ops::sparse_attention(q, key_and_those, layer.edges, logit.scale, logit.bias,
                                                                shape_.heads, shape_.clamp)));
  }
  if (options.scores) {
    const torch::NoGradGuard no_grad;
    options.scores->push_back(ops::sparse_attention_scores(q, kv, shape_.value_width, layer.edges, logit.scale,
                                                           logit.bias, shape_.heads, shape_.clamp, log_sum));
  }
  return out;
}

Tensor register_edge_types(torch::nn::Module& module, const AttentionShape& shape) {
  return module.register_parameter("edge_type", torch::empty({shape.edge_types, shape.width}));
}

}  // namespace graphsieve::nn
