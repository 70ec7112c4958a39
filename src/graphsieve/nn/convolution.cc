// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/convolution.h"

#include <torch/torch.h>

#include "graphsieve/base/error.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;

constexpr double kSlope = 0.2;  ///< of LeakyReLU, as in GAT

/// Returns the shape of the attention that has the weights. Of GAT, a head's query and key are one number each.
AttentionShape with_keys(AttentionShape shape, EdgeWeights weights) {
  shape.key_width = weights == EdgeWeights::kGat ? shape.heads : 0;
  shape.negative_slope = weights == EdgeWeights::kGat ? kSlope : 1;
  return shape;
}

/// Returns `first` and `second`, both [n, heads], side by side for each head: [n, heads · 2].
Tensor by_head(const Tensor& first, const Tensor& second) {
  return at::stack({first, second}, 2).reshape({first.size(0), 2 * first.size(1)});
}

}  // namespace

EdgeWeights edge_weights(const std::string& name) {
  if (name == "mean") return EdgeWeights::kMean;
  if (name == "gcn") return EdgeWeights::kGcn;
  return name == "gat" ? EdgeWeights::kGat : EdgeWeights::kModel;
}

ConvolutionImpl::ConvolutionImpl(EdgeWeights weights, AttentionShape shape)
    : AttentionImpl(with_keys(shape, weights)), weights_(weights) {}

// A logit of GAT is the product of (a·h_i, 1) and (1, b·h_j); all others are 0.
LogitTables ConvolutionImpl::tables(double) const {
  const at::TensorOptions options = key_value_->weight.options();
  return {torch::ones({shape_.edge_types, 2 * shape_.key_width}, options),
          torch::zeros({shape_.edge_types, shape_.heads}, options)};
}

Tensor ConvolutionImpl::query(const Tensor& h) const {
  if (weights_ != EdgeWeights::kGat) return at::empty({h.size(0), 0}, h.options().dtype(key_value_->rows));
  const Tensor to = AttentionImpl::query(h);
  return by_head(to, at::ones_like(to));
}

Tensor ConvolutionImpl::key_value(const Tensor& h) const {
  const Tensor kv = AttentionImpl::key_value(h);
  if (weights_ != EdgeWeights::kGat) return kv;
  const Tensor from = kv.narrow(1, 0, shape_.key_width);
  return at::cat({by_head(at::ones_like(from), from), kv.slice(1, shape_.key_width)}, 1);
}

Tensor ConvolutionImpl::finished(const Tensor& out, const Tensor& log_sum, const LayerEdges& layer) const {
  if (weights_ != EdgeWeights::kGcn) return out;
  // The softmax has divided by Σ_j 1/√d_j, whose logarithm is log_sum.
  const Tensor degree = layer.edges.row_start.diff().clamp_min(1).to(log_sum.scalar_type());
  const Tensor factor = (log_sum.exp() * degree.rsqrt().unsqueeze(1)).to(out.scalar_type());
  return (out.view({out.size(0), shape_.heads, -1}) * factor.unsqueeze(2)).view_as(out);
}

void ConvolutionImpl::write_maps(LayerMaps&) const {
  throw Error("network.attention is a graph convolution, whose logits are no bilinear forms; expected model");
}

LayerEdges with_degree_weights(const LayerEdges& layer, int64_t sources) {
  if (layer.destinations != sources)
    throw Error("network.attention is gcn, which needs the in-edges of all nodes in each pass, but the pass has ",
                sources, " nodes and the in-edges of ", layer.destinations,
                "; expected network.batch_size to be 0, and predictions for all nodes");
  LayerEdges to = layer;
  const Tensor of_source = layer.edges.row_start.diff().clamp_min(1).to(at::kFloat).log().mul_(-0.5);
  const Tensor of_edge = of_source.index_select(0, layer.edges.index);
  to.edges.log_weight = layer.edges.log_weight ? *layer.edges.log_weight + of_edge : of_edge;
  return to;
}

}  // namespace graphsieve::nn
