#include "graphsieve/nn/transformer.h"

#include <torch/torch.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/nn/bilinear.h"
#include "graphsieve/nn/estimator.h"
#include "graphsieve/nn/exphormer.h"
#include "graphsieve/nn/plain.h"
#include "graphsieve/nn/spexphormer.h"
#include "graphsieve/ops/dropout_add/dropout_add.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;

int64_t or_else(int64_t given, int64_t otherwise) { return given > 0 ? given : otherwise; }

bool one_logit(const Recipe& recipe, const Labels& labels) {
  return recipe.data.two_classes == "one_logit" && labels.classes == 2 && !labels.multi_label();
}

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

TransformerShape estimator_shape(const Recipe& recipe, int64_t features, const Labels& labels, int64_t edge_types) {
  const EstimatorRecipe& e = recipe.estimator;
  TransformerShape shape{AttentionKind::kEstimator, features, labels.classes, edge_types, e.width, 1, e.layers,
                         e.pre_layers, 1, 2 * e.width, norm_kind(e.norm), 0, e.clamp, e.value_scale};
  shape.one_logit = one_logit(recipe, labels);
  return shape;
}

TransformerShape network_shape(const Recipe& recipe, int64_t features, const Labels& labels, int64_t edge_types) {
  const NetworkRecipe& n = recipe.network;
  TransformerShape shape{AttentionKind::kPlain, features, labels.classes, edge_types, n.width, n.heads, n.layers, n.pre_layers,
                         n.output_layers, n.ffn_width, norm_kind(n.norm), n.dropout, n.clamp, 0};
  double clamp = 0;
  if (recipe.model == "spexphormer") shape.attention = AttentionKind::kSpexphormer, clamp = 8;
  else if (recipe.model == "exphormer") shape.attention = AttentionKind::kExphormer, clamp = 5;
  else if (recipe.model != "plain")
    throw Error("model is '", recipe.model, "', expected spexphormer, exphormer or plain");
  if (shape.clamp == 0) shape.clamp = clamp;
  shape.one_logit = one_logit(recipe, labels);
  shape.key_width = n.key_width, shape.value_width = n.value_width, shape.outer_width = n.outer_width;
  if (n.form != "standard") {
    shape.compressed = n.form == "compressed";
    shape.query_maps = shape.attention == AttentionKind::kPlain ? 1 : edge_types;
    shape.attention = AttentionKind::kBilinear;
  }
  if (shape.ffn_width == 0) shape.ffn_width = recipe.model == "plain" ? n.width : 2 * n.width;
  return shape;
}

BlockImpl::BlockImpl(const TransformerShape& s) : dropout_(s.dropout), attention_(make_attention(s)) {
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

Tensor BlockImpl::forward(const Tensor& h_sources, const LayerEdges& layer, const ForwardOptions& options,
                          uint64_t dropout_key) {
  const Tensor h = layer.destinations == h_sources.size(0) ? h_sources : h_sources.narrow(0, 0, layer.destinations);
  return finish(h, attention_->forward(h, h_sources, layer, options), is_training() ? dropout_ : 0, dropout_key);
}

Tensor BlockImpl::finish(Tensor h, const Tensor& attended, double p, uint64_t dropout_key) {
  const auto key = [&](int site) { return static_cast<int64_t>(random_key(dropout_key, site)); };
  const auto along = [](const Linear& skip, const Tensor& x) { return skip.is_empty() ? x : skip->forward(x); };
  const Tensor out = attention_out_.is_empty() ? attended : attention_out_(attended);
  h = attention_norm_(ops::dropout_add(out, along(attention_skip_, h), p, key(0)));
  const Tensor hidden = ops::relu_dropout(ffn_in_(h), p, key(1));
  return ffn_norm_(ops::dropout_add(ffn_out_(hidden), along(ffn_skip_, h), p, key(2)));
}

Tensor BlockImpl::infer(Tensor h, const LayerEdges& layer, const ForwardOptions& options) {
  const auto rows = [&h](int64_t begin, int64_t end) { return h.narrow(0, begin, end - begin); };
  const Tensor key_value =
      by_blocks(h.size(0), [&](int64_t begin, int64_t end) { return attention_->key_value(rows(begin, end)); });
  for (int64_t begin = 0; begin < layer.destinations; begin += kInferenceRows) {
    const int64_t end = std::min(layer.destinations, begin + kInferenceRows);
    const Tensor own = rows(begin, end);
    const Tensor attended = attention_->attend(own, key_value, rows_of(layer, begin, end), options);
    rows(begin, end).copy_(finish(own, attended, 0, 0));
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
        str("output_", l), Linear(l == 0 ? s.width : outer, l + 1 < s.output_layers ? outer : s.outputs(), true)));
}

bool TransformerImpl::by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const {
  return !is_training() && !torch::GradMode::is_enabled() && shape_.norm != NormKind::kGraph && !input.rows.defined() &&
         !options.pool;
}

Tensor TransformerImpl::hidden(const NetworkInput& input, const ForwardOptions& options) {
  if (input.layers.size() != blocks_.size())
    throw Error("the input has edges for ", input.layers.size(), " layers, the network has ", blocks_.size());
  const auto look = [&](const Tensor& h, int64_t part) {
    if (options.watch) options.watch(part, h);
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
  if (options.watch) options.watch(layers() + 1, h);
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
