// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/network_maps.h"

#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/nn/bilinear.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// A new network whose parameters and buffers are set by name.
class Writer {
 public:
  explicit Writer(const nn::TransformerShape& shape)
      : network_(shape), parameters_(network_->named_parameters()), buffers_(network_->named_buffers()) {}

  bool has(const std::string& name) const { return parameters_.contains(name); }
  void set(const std::string& name, const Tensor& value) {
    Tensor& to = parameters_.contains(name) ? parameters_[name] : buffers_[name];
    to.copy_(value.reshape(to.sizes()));
  }
  void set(const std::string& map, const Affine& a) {
    set(map + ".weight", a.weight);
    set(map + ".bias", a.bias);
  }
  template <class Wanted>
  void copy(const nn::Transformer& from, const Wanted& wanted) {
    for (const auto& all : {from->named_parameters(), from->named_buffers()})
      for (const auto& item : all)
        if (wanted(item.key())) set(item.key(), item.value());
  }
  void set_attention(const std::string& layer, const LayerMaps& m) {
    const int64_t width = m.key.size(2);
    set(layer + "attention.query", {m.query.reshape({-1, width}), m.query_bias.reshape({-1})});
    set(layer + "attention.key_value", {at::cat({m.key.reshape({-1, width}), m.value.reshape({-1, width})}),
                                        at::cat({m.key_bias.reshape({-1}), m.value_bias.reshape({-1})})});
    set(layer + "attention.type_bias", m.type_bias);
  }
  /// Gives a BatchNorm the statistics of the rows `values`, and the scale and shift with which these rows pass
  /// unchanged.
  void set_norm(const std::string& name, const Tensor& values) {
    const Tensor mean = values.mean(0), variance = values.var(0, false);
    set(name, {(variance + nn::kNormEps).sqrt(), mean});
    set(name + ".running_mean", mean);
    set(name + ".running_var", variance);
  }
  nn::Transformer network() {
    network_->eval();
    return network_;
  }

 private:
  nn::Transformer network_;
  torch::OrderedDict<std::string, Tensor> parameters_, buffers_;
};

/// The inputs of ops::sparse_attention for a layer: queries [destinations, heads · maps · key], keys and values of h
/// side by side, and the scale table that picks the query map of an edge's type.
struct Attention {
  Tensor query, key_value, scale;
  int64_t value_width;
};

Attention attention_of(const LayerMaps& m, const Tensor& h, const LayerEdges& layer) {
  const int64_t heads = m.heads(), maps = m.query.size(1), key = m.key.size(1), width = h.size(1);
  const auto on = [&](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return at::linear(x, weight.reshape({-1, width}), bias.reshape({-1}));
  };
  const Tensor keys = nn::repeat_keys(on(h, m.key, m.key_bias), heads, maps);
  return {on(h.narrow(0, 0, layer.destinations), m.query, m.query_bias),
          at::cat({keys, on(h, m.value, m.value_bias)}, 1),
          nn::query_map_scale(m.type_bias.size(0), heads, maps, key, h.scalar_type()), heads * m.value.size(1)};
}

/// Convert an output layer with one logit to an output layer with two logits, and back. The logit of the first class is
/// 0; in the other direction, the one logit is the difference of the two logits.
Affine with_zero_logit(const Affine& second) {
  return {at::constant_pad_nd(second.weight, {0, 0, 1, 0}), at::constant_pad_nd(second.bias, {1, 0})};
}
Affine one_logit(const Affine& both) {
  return {both.weight.narrow(0, 1, 1) - both.weight.narrow(0, 0, 1),
          both.bias.narrow(0, 1, 1) - both.bias.narrow(0, 0, 1)};
}

}  // namespace

NetworkMaps maps_of(nn::Transformer& network) {
  const torch::NoGradGuard no_grad;
  NetworkMaps maps;
  const nn::Linear& reduce = network->input()->reduce;
  maps.input = reduce.is_empty() ? identity_map(network->shape().width) : reduce->affine();
  for (const nn::Block& block : network->blocks()) maps.layers.push_back(block->maps());
  for (const nn::Linear& output : network->output()) maps.output.push_back(output->affine());
  if (network->shape().one_logit) maps.output.back() = with_zero_logit(maps.output.back());
  return maps;
}

Trace trace(const NetworkMaps& maps, const Tensor& outer, const std::vector<LayerEdges>& edges, bool with_scores) {
  Trace to;
  Tensor h = maps.input(outer);
  for (size_t l = 0; l < maps.layers.size(); ++l) {
    const LayerMaps& m = maps.layers[l];
    const Attention a = attention_of(m, h, edges[l]);
    auto [attended, log_sum] =
        ops::sparse_attention(a.query, a.key_value, edges[l].edges, a.scale, m.type_bias, m.heads(), m.clamp);
    LayerTrace layer;
    layer.input = h;
    layer.attended = attended;
    if (with_scores)
      layer.scores = ops::sparse_attention_scores(a.query, a.key_value, a.value_width, edges[l].edges, a.scale,
                                                  m.type_bias, m.heads(), m.clamp, log_sum);
    layer.mid = at::linear(attended, m.attention_out) + m.attention_skip(h.narrow(0, 0, edges[l].destinations));
    layer.units = m.ffn_in(layer.mid).relu();
    h = at::linear(layer.units, m.ffn_out) + m.ffn_skip(layer.mid);
    to.layers.push_back(layer);
  }
  to.last = h;
  for (size_t l = 0; l < maps.output.size(); ++l) h = maps.output[l](l > 0 ? h.relu() : h);
  to.logits = h;
  return to;
}

NetworkMaps converted(const NetworkMaps& maps, at::ScalarType type) {
  const auto tensor = [type](const Tensor& t) { return t.to(type).contiguous(); };
  const auto affine = [&](const Affine& a) { return Affine{tensor(a.weight), tensor(a.bias)}; };
  NetworkMaps to{affine(maps.input), {}, {}};
  for (const LayerMaps& m : maps.layers)
    to.layers.push_back({tensor(m.query), tensor(m.query_bias), tensor(m.key), tensor(m.key_bias), tensor(m.value),
                         tensor(m.value_bias), tensor(m.type_bias), m.clamp, tensor(m.attention_out),
                         affine(m.attention_skip), affine(m.ffn_in), tensor(m.ffn_out), affine(m.ffn_skip)});
  for (const Affine& a : maps.output) to.output.push_back(affine(a));
  return to;
}

nn::TransformerShape shape_of(const NetworkMaps& maps, const nn::TransformerShape& wide) {
  nn::TransformerShape shape = wide;
  const LayerMaps& first = maps.layers.at(0);
  shape.outer_width = wide.outer_width > 0 ? wide.outer_width : wide.width;
  shape.bilinear = true;
  shape.compressed = true;
  shape.rows = shape.held = at::kFloat;  // narrow rows gain nothing from bfloat16
  shape.width = maps.width();
  shape.first_width = maps.input.out() == shape.width ? 0 : maps.input.out();
  shape.heads = first.heads();
  shape.key_width = first.heads() * first.key.size(1);
  shape.value_width = first.heads() * first.value.size(1);
  shape.ffn_width = first.ffn_in.out();
  shape.query_maps = first.query.size(1);
  return shape;
}

nn::Transformer network_of(const NetworkMaps& maps, const nn::TransformerShape& shape, nn::Transformer& from,
                           const Trace& trace) {
  const torch::NoGradGuard no_grad;
  Writer to(shape);
  // If the input layers are more than one linear map, they stay, and `input.reduce` narrows their output. Otherwise
  // maps.input is merged into the one linear map.
  if (to.has("input.reduce.weight")) {
    to.copy(from,
            [](const std::string& name) { return name.starts_with("input.") && !name.starts_with("input.reduce"); });
    to.set("input.reduce", maps.input);
  } else {
    const Affine project = from->input()->project->affine();
    to.set("input.project", {maps.input.weight.mm(project.weight), maps.input(project.bias)});
    if (const nn::Linear& labels = from->input()->labels; !labels.is_empty())
      to.set("input.labels.weight", maps.input.weight.mm(labels->affine().weight));
  }
  for (size_t l = 0; l < maps.layers.size(); ++l) {
    const LayerMaps& m = maps.layers[l];
    const std::string layer = str("layer_", l, ".");
    to.set_attention(layer, m);
    to.set(layer + "attention_out.weight", m.attention_out);
    to.set(layer + "attention_skip", m.attention_skip);
    to.set(layer + "ffn_in", m.ffn_in);
    to.set(layer + "ffn_out", {m.ffn_out, at::zeros({m.ffn_out.size(0)}, at::kDouble)});
    to.set(layer + "ffn_skip", m.ffn_skip);
    if (shape.norm == nn::NormKind::kNone) continue;
    to.set_norm(layer + "attention_norm", trace.layers[l].mid);
    to.set_norm(layer + "ffn_norm", l + 1 < maps.layers.size() ? trace.layers[l + 1].input : trace.last);
  }
  for (size_t l = 0; l < maps.output.size(); ++l) {
    const bool last = l + 1 == maps.output.size();
    to.set(str("output_", l), shape.one_logit && last ? one_logit(maps.output[l]) : maps.output[l]);
  }
  return to.network();
}

nn::Transformer with_attention_of(const NetworkMaps& maps, nn::Transformer& wide) {
  const torch::NoGradGuard no_grad;
  nn::TransformerShape shape = wide->shape();
  const LayerMaps& first = maps.layers.at(0);
  shape.bilinear = true;
  shape.key_width = first.heads() * first.key.size(1);
  shape.value_width = first.heads() * first.value.size(1);
  shape.query_maps = first.query.size(1);
  Writer to(shape);
  to.copy(wide, [](const std::string& name) { return name.find(".attention.") == std::string::npos; });
  for (size_t l = 0; l < maps.layers.size(); ++l) to.set_attention(str("layer_", l, "."), maps.layers[l]);
  return to.network();
}

}  // namespace graphsieve
