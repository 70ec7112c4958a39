// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/block.h"

#include <torch/torch.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/nn/bilinear.h"
#include "graphsieve/nn/convolution.h"
#include "graphsieve/nn/fan_out.h"
#include "graphsieve/nn/form_attention.h"
#include "graphsieve/nn/networks.h"
#include "graphsieve/nn/recompute.h"
#include "graphsieve/ops/dropout_add/dropout_add.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;

/// Returns the attention of a block: a graph convolution, a bilinear one, or one with the form of the shape's network.
std::shared_ptr<AttentionImpl> make_attention(const TransformerShape& s) {
  AttentionShape a{or_else(s.first_width, s.width), s.heads, or_else(s.key_width, s.width),
                   or_else(s.value_width, s.width), s.edge_types};
  if (s.edge_weights != EdgeWeights::kModel) return std::make_shared<ConvolutionImpl>(s.edge_weights, a);
  if (s.clamp > 0) a.clamp = s.clamp;
  if (!s.bilinear) {
    AttentionForm form = network_kind(s.network).form;
    form.root_width = form.root_width || s.scaled_logits;
    return std::make_shared<FormAttentionImpl>(form, a, s.value_scale);
  }
  a.bias = true, a.query_maps = s.query_maps;
  return std::make_shared<BilinearAttentionImpl>(a);
}

}  // namespace

BlockImpl::BlockImpl(const TransformerShape& s)
    : width_(s.width),
      dropout_(s.dropout),
      recompute_(s.recompute),
      relu_(s.relu),
      residual_(s.compressed || s.skip != Skip::kNone),
      attention_(make_attention(s)) {
  const auto linear = [&](const char* name, int64_t in, bool bias = true) {
    return register_module(name, Linear(in, s.width, bias));
  };
  const bool skips = s.compressed || s.skip == Skip::kLinear;
  register_module("attention", attention_);
  attention_->hold_in(s.held);
  attention_norm_ = register_module("attention_norm", Norm(s.norm, s.width));
  if (s.compressed) attention_out_ = linear("attention_out", or_else(s.value_width, s.width), false);
  if (skips) attention_skip_ = linear("attention_skip", or_else(s.first_width, s.width));
  if (s.ffn) {
    ffn_in_ = register_module("ffn_in", Linear(s.width, s.ffn_width, true));
    ffn_out_ = linear("ffn_out", s.ffn_width);
    ffn_norm_ = register_module("ffn_norm", Norm(s.norm, s.width));
    if (skips) ffn_skip_ = linear("ffn_skip", s.width);
  }
}

void BlockImpl::keep_rows_in(at::ScalarType type) {
  attention_->keep_rows_in(type);
  for (Linear map : {ffn_in_, ffn_out_, attention_out_, attention_skip_, ffn_skip_})
    if (!map.is_empty()) map->rows = type;
}

Tensor BlockImpl::forward(const Tensor& h, const LayerEdges& layer, const ForwardOptions& options,
                          uint64_t dropout_key) {
  const double p = is_training() ? dropout_ : 0;
  // Each half of the block is a function of its input alone, so that the backward pass can compute it again. A second
  // computation would also call options.scores and append to options.pooled a second time, so a pass with `scores` or
  // `pool` keeps its inner tensors instead.
  // The rows of h are sources, and the first of them also have queries and a residual path.
  const auto attend = [this, layer, options, p, dropout_key](const Tensor& rows) {
    const int64_t destinations = layer.destinations;
    const std::vector<Tensor> use = fan_out(rows, {rows.size(0), destinations, destinations});
    return after_attention(use[2], attention_->forward(use[1], use[0], layer, options), p, dropout_key);
  };
  const auto feed = [this, p, dropout_key](const Tensor& rows) { return feed_forward(rows, p, dropout_key); };
  const bool again = recompute_ && is_training() && torch::GradMode::is_enabled() && !options.pool && !options.scores;
  const Tensor middle = again ? recomputed(h, attend) : attend(h);
  if (options.on_middle && !ffn_in_.is_empty()) options.on_middle(middle);
  return again && !ffn_in_.is_empty() ? recomputed(middle, feed) : feed(middle);
}

namespace {

/// Returns the key of the block's dropout with the number `site` (0 to 2).
int64_t site_key(uint64_t dropout_key, int site) { return static_cast<int64_t>(random_key(dropout_key, site)); }

/// Returns x in the type of h. In full precision x has the type already, and no copy is made.
Tensor in_type_of(const Tensor& h, const Tensor& x) { return x.to(h.scalar_type()); }

}  // namespace

Tensor BlockImpl::joined(const Tensor& path, const Tensor& h, const Linear& skip, Norm& norm, double p,
                         uint64_t dropout_key, int site) const {
  const int64_t key = site_key(dropout_key, site);
  std::optional<Tensor> residual;
  if (residual_) residual = skip.is_empty() ? h : in_type_of(h, skip->forward(h));
  const double before = relu_ ? 0 : p;  // with the ReLU, the dropout follows the ReLU
  const Tensor sum = residual || before > 0 ? ops::dropout_add(path, residual, before, key) : path;
  return relu_ ? ops::relu_dropout(norm(sum), p, key) : norm(sum);
}

Tensor BlockImpl::after_attention(const Tensor& h, const Tensor& attended, double p, uint64_t dropout_key) {
  const Tensor out = attention_out_.is_empty() ? attended : attention_out_(attended);
  return joined(in_type_of(h, out), h, attention_skip_, attention_norm_, p, dropout_key, 0);
}

Tensor BlockImpl::feed_forward(const Tensor& h, double p, uint64_t dropout_key) {
  if (ffn_in_.is_empty()) return h;
  const std::vector<Tensor> use = fan_out(h, {h.size(0), h.size(0)});  // the FFN and the residual path
  const Tensor hidden = ops::relu_dropout(in_type_of(h, ffn_in_(use[0])), p, site_key(dropout_key, 1));
  return joined(in_type_of(h, ffn_out_(hidden)), use[1], ffn_skip_, ffn_norm_, p, dropout_key, 2);
}

BlockImpl::Inference BlockImpl::inference(const Tensor& h, const LayerEdges& layer, const ForwardOptions& options) {
  const auto rows = [h](int64_t begin, int64_t end) { return h.narrow(0, begin, end - begin); };
  const AttentionPass pass = attention_->pass_for(h, layer.destinations, options);
  const bool absorbed = pass == AttentionPass::kAbsorbed;
  const Tensor source_rows =
      absorbed ? attention_->source_rows(h, pass) : by_blocks(h.size(0), [&](int64_t begin, int64_t end) {
        return attention_->source_rows(rows(begin, end), pass);
      });
  const auto block = [=, this, &options](int64_t begin, int64_t end) {
    const Tensor destinations = as_computed(rows(begin, end));
    const Tensor attended = attention_->attend(destinations, source_rows, rows_of(layer, begin, end), options, pass);
    const Tensor middle = after_attention(destinations, attended, 0, 0);
    if (options.on_middle && !ffn_in_.is_empty()) options.on_middle(middle);
    return feed_forward(middle, 0, 0);
  };
  return {block, absorbed};
}

Tensor BlockImpl::infer(Tensor h, const LayerEdges& layer, const ForwardOptions& options, at::ScalarType held) {
  const Inference of_rows = inference(h, layer, options);
  const auto block = [&](int64_t begin, int64_t end) { return as_held(of_rows.rows(begin, end), held); };
  // In the usual form, the keys and values of all sources exist by now. From then on each row of h is needed only for
  // its own result, which can therefore take the row's place, if it is as wide and of the same type. In the absorbed
  // form the rows of h are the source rows, so that the results need a place of their own. A single block is returned
  // without a copy.
  const bool same_type = held == at::kBFloat16 || h.scalar_type() != at::kBFloat16;
  if (of_rows.needs_all || !same_type || h.size(1) != width_ || layer.destinations <= kInferenceRows)
    return by_blocks(layer.destinations, block);
  each_block(layer.destinations, block,
             [&h](int64_t begin, const Tensor& result) { h.narrow(0, begin, result.size(0)).copy_(result); });
  return h.narrow(0, 0, layer.destinations);
}

void BlockImpl::each_inferred(Tensor h, const LayerEdges& layer, const ForwardOptions& options, const TakeRows& take) {
  each_block(layer.destinations, inference(h, layer, options).rows, take);
}

LayerMaps BlockImpl::maps() const {
  const auto refuse = [](const char* key, const char* value, const char* why, const char* expected) {
    throw Error(key, " is ", value, ": ", why, "; expected ", expected);
  };
  if (ffn_in_.is_empty()) refuse("network.ffn", "false", "the block's maps have a feed-forward half", "true");
  if (relu_) refuse("network.activation", "relu", "the block is no composition of affine maps and the FFN", "none");
  LayerMaps maps;
  attention_->write_maps(maps);
  const auto residual_map = [&](const Linear& map) {
    if (!residual_) return Affine{at::zeros({width_, width_}, at::kDouble), at::zeros({width_}, at::kDouble)};
    return map.is_empty() ? identity_map(width_) : map->affine();
  };
  // A norm scale ⊙ x + shift is applied to the sum of a residual path and a second path. Folding it into both paths
  // multiplies the rows of their weights by the scale, and puts the shift into the bias of the residual path, which is
  // the bias of the sum.
  const Diagonal middle = attention_norm_->folded(), end = ffn_norm_->folded();
  const Tensor out = attention_out_.is_empty() ? at::eye(width_, at::kDouble) : attention_out_->affine().weight;
  const Affine attention_skip = residual_map(attention_skip_), ffn_skip = residual_map(ffn_skip_);
  const Affine ffn_out = ffn_out_->affine();
  maps.attention_out = middle.scale.unsqueeze(1) * out;
  maps.attention_skip = {middle.scale.unsqueeze(1) * attention_skip.weight,
                         middle.scale * attention_skip.bias + middle.shift};
  maps.ffn_in = ffn_in_->affine();
  maps.ffn_out = end.scale.unsqueeze(1) * ffn_out.weight;
  maps.ffn_skip = {end.scale.unsqueeze(1) * ffn_skip.weight, end.scale * (ffn_skip.bias + ffn_out.bias) + end.shift};
  return maps;
}

std::vector<NamedMap> BlockImpl::named_maps() const {
  std::vector<NamedMap> maps;
  for (const NamedMap& map : attention_->named_maps()) maps.push_back({"attention." + map.name, map.weight});
  for (const NamedMap& map : linear_maps_in(*this))
    if (!map.name.starts_with("attention.")) maps.push_back(map);
  return maps;
}

Block make_block(const TransformerShape& shape) {
  const NetworkKind& kind = network_kind(shape.network);
  return kind.block ? Block(kind.block(shape)) : Block(shape);
}

}  // namespace graphsieve::nn
