#include "graphsieve/nn/transformer.h"

#include <torch/torch.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/nn/bilinear.h"
#include "graphsieve/nn/estimator.h"
#include "graphsieve/nn/exphormer.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/plain.h"
#include "graphsieve/nn/recompute.h"
#include "graphsieve/nn/spexphormer.h"
#include "graphsieve/ops/dropout_add/dropout_add.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;

int64_t or_else(int64_t given, int64_t otherwise) { return given > 0 ? given : otherwise; }

std::shared_ptr<AttentionImpl> make_attention(const TransformerShape& s) {
  AttentionShape a{s.width, s.heads, or_else(s.key_width, s.width), or_else(s.value_width, s.width), s.edge_types};
  if (s.clamp > 0) a.clamp = s.clamp;
  if (s.attention == AttentionKind::kBilinear) a.bias = true, a.query_maps = s.query_maps;
  switch (s.attention) {
    case AttentionKind::kEstimator: return std::make_shared<EstimatorAttentionImpl>(a, s.value_scale);
    case AttentionKind::kExphormer: return std::make_shared<ExphormerAttentionImpl>(a);
    case AttentionKind::kSpexphormer: return std::make_shared<SpexphormerAttentionImpl>(a);
    case AttentionKind::kPlain: return std::make_shared<PlainAttentionImpl>(a);
    case AttentionKind::kBilinear: return std::make_shared<BilinearAttentionImpl>(a);
  }
  throw Error("unknown kind of attention");
}

}  // namespace

TransformerShape estimator_shape(const Recipe& recipe, const NetworkInterface& interface) {
  const EstimatorRecipe& e = recipe.estimator;
  TransformerShape shape{AttentionKind::kEstimator, interface.features, interface.output.columns, interface.edge_types, e.width, 1, e.layers,
                         e.pre_layers, 1, 2 * e.width, norm_kind(e.norm), 0, e.clamp, e.value_scale};
  shape.one_logit = interface.output.one_logit;
  return shape;
}

TransformerShape network_shape(const Recipe& recipe, const NetworkInterface& interface) {
  const NetworkRecipe& n = recipe.network;
  TransformerShape shape{AttentionKind::kPlain, interface.features, interface.output.columns, interface.edge_types, n.width, n.heads, n.layers, n.pre_layers,
                         n.output_layers, n.ffn_width, norm_kind(n.norm), n.dropout, n.clamp, 0};
  double clamp = 0;
  if (recipe.model == "spexphormer") shape.attention = AttentionKind::kSpexphormer, clamp = 8;
  else if (recipe.model == "exphormer") shape.attention = AttentionKind::kExphormer, clamp = 5;
  else if (recipe.model != "plain")
    throw Error("model is '", recipe.model, "', expected spexphormer, exphormer or plain");
  if (shape.clamp == 0) shape.clamp = clamp;
  shape.one_logit = interface.output.one_logit;
  shape.recompute = n.recompute;
  if (n.precision == "bfloat16") shape.rows = at::kBFloat16;
  shape.key_width = n.key_width, shape.value_width = n.value_width, shape.outer_width = n.outer_width;
  if (n.form != "standard") {
    shape.compressed = n.form == "compressed";
    shape.query_maps = shape.attention == AttentionKind::kPlain ? 1 : interface.edge_types;
    shape.attention = AttentionKind::kBilinear;
  }
  if (shape.ffn_width == 0) shape.ffn_width = recipe.model == "plain" ? n.width : 2 * n.width;
  return shape;
}

BlockImpl::BlockImpl(const TransformerShape& s) : dropout_(s.dropout), recompute_(s.recompute), attention_(make_attention(s)) {
  register_module("attention", attention_);
  attention_norm_ = register_module("attention_norm", Norm(s.norm, s.width));
  ffn_in_ = register_module("ffn_in", Linear(s.width, s.ffn_width, true));
  ffn_out_ = register_module("ffn_out", Linear(s.ffn_width, s.width, true));
  ffn_norm_ = register_module("ffn_norm", Norm(s.norm, s.width));
  if (!s.compressed) return;
  attention_out_ = register_module("attention_out", Linear(or_else(s.value_width, s.width), s.width, false));
  attention_skip_ = register_module("attention_skip", Linear(s.width, s.width, true));
  ffn_skip_ = register_module("ffn_skip", Linear(s.width, s.width, true));
}

void BlockImpl::keep_rows_in(at::ScalarType type) {
  attention_->keep_rows_in(type);
  for (Linear map : {ffn_in_, ffn_out_, attention_out_, attention_skip_, ffn_skip_})
    if (!map.is_empty()) map->rows = type;
}

Tensor BlockImpl::forward(const Tensor& h, const LayerEdges& layer, const ForwardOptions& options, uint64_t dropout_key) {
  const double p = is_training() ? dropout_ : 0;
  const auto attend = [this, layer, options, p, dropout_key](const Tensor& sources) {
    const Tensor own = layer.destinations == sources.size(0) ? sources : sources.narrow(0, 0, layer.destinations);
    return after_attention(own, attention_->forward(own, sources, layer, options), p, dropout_key);
  };
  const auto feed = [this, p, dropout_key](const Tensor& rows) { return feed_forward(rows, p, dropout_key); };
  const bool again = recompute_ && is_training() && torch::GradMode::is_enabled() && !options.pool && !options.scores;
  return again ? recomputed(recomputed(h, attend), feed) : feed(attend(h));
}

namespace {

/// The key of the block's dropout number `site`.
int64_t site_key(uint64_t dropout_key, int site) { return static_cast<int64_t>(random_key(dropout_key, site)); }

/// Of h's type: x itself, but in reduced precision.
Tensor like(const Tensor& h, const Tensor& x) { return x.to(h.scalar_type()); }

Tensor along(const Linear& skip, const Tensor& h) { return skip.is_empty() ? h : like(h, skip->forward(h)); }

}  // namespace

Tensor BlockImpl::after_attention(const Tensor& h, const Tensor& attended, double p, uint64_t dropout_key) {
  const Tensor out = attention_out_.is_empty() ? attended : attention_out_(attended);
  return attention_norm_(ops::dropout_add(like(h, out), along(attention_skip_, h), p, site_key(dropout_key, 0)));
}

Tensor BlockImpl::feed_forward(const Tensor& h, double p, uint64_t dropout_key) {
  const Tensor hidden = ops::relu_dropout(like(h, ffn_in_(h)), p, site_key(dropout_key, 1));
  return ffn_norm_(ops::dropout_add(like(h, ffn_out_(hidden)), along(ffn_skip_, h), p, site_key(dropout_key, 2)));
}

Tensor BlockImpl::infer(Tensor h, const LayerEdges& layer, const ForwardOptions& options) {
  const auto rows = [&h](int64_t begin, int64_t end) { return h.narrow(0, begin, end - begin); };
  const Tensor key_value =
      by_blocks(h.size(0), [&](int64_t begin, int64_t end) { return attention_->key_value(rows(begin, end)); });
  for (int64_t begin = 0; begin < layer.destinations; begin += kInferenceRows) {
    const int64_t end = std::min(layer.destinations, begin + kInferenceRows);
    const Tensor own = rows(begin, end);
    const Tensor attended = attention_->attend(own, key_value, rows_of(layer, begin, end), options);
    rows(begin, end).copy_(feed_forward(after_attention(own, attended, 0, 0), 0, 0));
  }
  return rows(0, layer.destinations);
}

TransformerImpl::TransformerImpl(const TransformerShape& s) : shape_(s) {
  const int64_t outer = or_else(s.outer_width, s.width);
  const bool reduces = s.compressed && s.pre_layers > 0;  // else the first map does it
  const int64_t first = s.compressed && !reduces ? s.width : outer;
  input_ = register_module("input", InputLayers(s.features, first, s.pre_layers, reduces ? s.width : 0));
  for (int64_t l = 0; l < s.layers; ++l) blocks_.push_back(register_module(str("layer_", l), Block(s)));
  for (int64_t l = 0; l < s.output_layers; ++l)
    output_.push_back(register_module(
        str("output_", l), Linear(l == 0 ? s.width : outer, l + 1 < s.output_layers ? outer : s.computed_outputs(), true)));
  keep_rows_in(s.rows);
}

void TransformerImpl::keep_rows_in(at::ScalarType type) {
  for (Block& block : blocks_) block->keep_rows_in(type);
}

bool TransformerImpl::by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const {
  return !is_training() && !torch::GradMode::is_enabled() && shape_.norm != NormKind::kGraph && !input.rows.defined() &&
         !options.pool;
}

Tensor TransformerImpl::hidden(const NetworkInput& input, const ForwardOptions& options) {
  if (input.layers.size() != blocks_.size())
    throw Error("the input has edges for ", input.layers.size(), " layers, the network has ", blocks_.size());
  const auto look = [&](const Tensor& h, int64_t part) {
    if (options.on_part) options.on_part(part, h);
  };
  const bool blocks = by_blocks_fits(input, options);
  Tensor h = blocks ? input_->infer(*input.features) : input_(input);
  look(h, 0);
  for (size_t l = 0; l < blocks_.size(); ++l) {
    h = blocks ? blocks_[l]->infer(h, input.layers[l], options)
               : blocks_[l](h, input.layers[l], options, random_key(options.dropout_key, l));
    look(h, static_cast<int64_t>(l) + 1);
  }
  return h;
}

Tensor TransformerImpl::forward(const NetworkInput& input, const ForwardOptions& options) {
  Tensor h = hidden(input, options);
  h = by_blocks_fits(input, options)
          ? by_blocks(h.size(0), [&](int64_t begin, int64_t end) { return logits(h.narrow(0, begin, end - begin)); })
          : logits(h);
  if (options.on_part) options.on_part(layers() + 1, h);
  return h;
}

Tensor TransformerImpl::logits(Tensor h) {
  for (size_t l = 0; l < output_.size(); ++l) {
    if (l > 0) h = ops::relu_dropout(h, 0, 0);
    h = output_[l](h);
  }
  return shape_.one_logit ? torch::constant_pad_nd(h, {1, 0}) : h;
}

std::vector<std::pair<std::string, Tensor>> state_of(const Transformer& network) {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const auto& p : network->named_parameters()) all.emplace_back(p.key(), p.value());
  for (const auto& b : network->named_buffers()) all.emplace_back(b.key(), b.value());
  return all;
}

}  // namespace graphsieve::nn
