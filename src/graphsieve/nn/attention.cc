// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/forward_options.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "graphsieve/ops/absorbed_attention/absorbed_attention.h"
#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::nn {

using at::Tensor;

namespace {

/// Returns x [n, heads · columns of a head] with the columns of each head filled up with zeros to `width`.
Tensor widened(const Tensor& x, int64_t heads, int64_t width) {
  const Tensor by_head = x.reshape({x.size(0), heads, x.size(1) / heads});
  if (by_head.size(2) == width) return x;
  return at::constant_pad_nd(by_head, {0, width - by_head.size(2)}).reshape({x.size(0), heads * width});
}

/// The rows of a call of the kernels. If the keys and values of a head differ in width, the narrower ones are filled up
/// with zeros, because the kernels' vector code expects equal widths.
struct KernelRows {
  Tensor query, key_value, scale;
  int64_t values;  ///< width of the values over all heads

  /// `kv` has the keys and values side by side, the keys in its first `keys` columns.
  KernelRows(const Tensor& q, const Tensor& kv, int64_t keys, const Tensor& type_scale, int64_t heads)
      : query(q), key_value(kv), scale(type_scale), values(kv.size(1) - keys) {
    // Keys and values of equal width, or keys alone, go to the kernels as they are.
    if (keys == values || values == 0) return;
    const int64_t width = std::max(keys, values) / heads;
    query = widened(q, heads, width);
    key_value = at::cat({widened(kv.narrow(1, 0, keys), heads, width), widened(kv.slice(1, keys), heads, width)}, 1);
    scale = widened(type_scale, heads, width);
    values = heads * width;
  }
};

/// Returns sparse_attention of the queries over keys and values side by side in `kv`, whose first `keys` columns are
/// the keys: the output [destinations, width of the values] and the logarithms of the denominators.
std::tuple<Tensor, Tensor> attend_over(const Tensor& q, const Tensor& kv, int64_t keys, const LayerEdges& layer,
                                       const LogitTables& logit, const AttentionShape& shape) {
  const KernelRows rows(q, kv, keys, logit.scale, shape.heads);
  auto [out, log_sum] = ops::sparse_attention(rows.query, rows.key_value, layer.edges, rows.scale, logit.bias,
                                              shape.heads, shape.clamp, shape.negative_slope);
  const int64_t values = kv.size(1) - keys;
  if (rows.values == values) return {out, log_sum};
  const Tensor narrow = out.view({out.size(0), shape.heads, -1}).narrow(2, 0, values / shape.heads);
  return {narrow.reshape({out.size(0), values}), log_sum};
}

}  // namespace

AttentionImpl::AttentionImpl(const AttentionShape& shape) : shape_(shape) {
  if (shape.key_width > 0)
    query_ = register_module("query", Linear(shape.width, shape.query_maps * shape.key_width, shape.bias));
  key_value_ = register_module("key_value", Linear(shape.width, shape.key_width + shape.value_width, shape.bias));
}

void AttentionImpl::keep_rows_in(at::ScalarType type) {
  key_value_->rows = type;
  if (!query_.is_empty()) query_->rows = type;
}

Tensor AttentionImpl::key_value(const Tensor& h) const { return key_value_->forward(h); }

Tensor AttentionImpl::forward(const Tensor& h_destinations, const Tensor& h_sources, const LayerEdges& layer,
                              const ForwardOptions& options) {
  const AttentionPass pass = pass_for(h_sources, layer.destinations, options);
  return attend(h_destinations, source_rows(h_sources, pass), layer, options, pass);
}

AttentionPass AttentionImpl::pass_for(const Tensor& h, int64_t destinations, const ForwardOptions& options) const {
  if (!absorbable() || options.pool || !ops::on_host(h)) return AttentionPass::kUsual;
  // With several heads, each head computes with whole rows of h in the absorbed form. That takes longer, but there are
  // no keys and values of all nodes in memory, which an evaluation with h in bfloat16 is there to save.
  constexpr int64_t kMostHeads = 4;
  if (shape_.heads > 1) {
    const bool saves = !is_training() && held_ == at::kBFloat16 && shape_.heads <= kMostHeads;
    return saves ? AttentionPass::kAbsorbed : AttentionPass::kUsual;
  }
  // Measured (ops/absorbed_attention/README.md): with as many sources as destinations the absorbed form takes 1.05 to
  // 1.2 times as long, with three times as many 0.65 to 0.77 times.
  const bool cheaper = 2 * h.size(0) >= 3 * destinations;
  return cheaper || !is_training() ? AttentionPass::kAbsorbed : AttentionPass::kUsual;
}

Tensor AttentionImpl::source_rows(const Tensor& h, AttentionPass pass) const {
  const at::ScalarType held = is_training() ? at::kFloat : held_;
  if (pass == AttentionPass::kUsual) return as_held(key_value(as_computed(h)), held);
  return held == at::kBFloat16 ? as_held(h, held) : h.to(key_value_->rows);
}

Tensor AttentionImpl::attend(const Tensor& h_destinations, const Tensor& source_rows, const LayerEdges& layer,
                             const ForwardOptions& options, AttentionPass pass) {
  return pass == AttentionPass::kAbsorbed ? attend_absorbed(h_destinations, source_rows, layer, options)
                                          : attend_usual(h_destinations, source_rows, layer, options);
}

Tensor AttentionImpl::attend_absorbed(const Tensor& h_destinations, const Tensor& rows, const LayerEdges& layer,
                                      const ForwardOptions& options) {
  constexpr int64_t kMostQueries = int64_t{1} << 14;  // destinations times heads whose queries are in memory at once
  const int64_t heads = shape_.heads, most = kMostQueries / heads;
  if (heads > 1 && layer.destinations > most) {
    std::vector<Tensor> parts;
    for (int64_t begin = 0; begin < layer.destinations; begin += most) {
      const int64_t count = std::min(most, layer.destinations - begin);
      parts.push_back(
          attend_absorbed(h_destinations.narrow(0, begin, count), rows, rows_of(layer, begin, begin + count), options));
    }
    return at::cat(parts);
  }
  const LogitTables logit = tables(options.temperature);
  const Tensor keys = key_value_->weight.narrow(0, 0, shape_.key_width);
  const Tensor values = key_value_->weight.slice(0, shape_.key_width);
  const int64_t queries = query_per_type() ? shape_.edge_types : 1, n = h_destinations.size(0), width = shape_.width;
  // The map from h to a head's queries of type t is W_Kᵀ diag(s_t) W_Q, with the head's rows of W_K, s_t and W_Q. One
  // product makes the queries of all heads and types.
  const Tensor scaled = logit.scale.narrow(0, 0, queries).unsqueeze(2) * query_->weight;  // [queries, key width, width]
  const int64_t key = shape_.key_width / heads, value = shape_.value_width / heads;
  std::vector<Tensor> maps;
  for (int64_t head = 0; head < heads; ++head)
    maps.push_back(at::matmul(keys.narrow(0, head * key, key).t(), scaled.narrow(1, head * key, key)));
  const Tensor map = (heads == 1 ? maps[0] : at::cat(maps)).reshape({heads * queries * width, width});
  const Tensor query =
      mapped(h_destinations, map, {}, query_->rows).to(rows.scalar_type()).view({n, heads, queries, width});
  auto [out, log_sum] =
      ops::absorbed_attention(query, rows, layer.edges, logit.bias, shape_.clamp, shape_.negative_slope);
  if (options.scores) {
    const torch::NoGradGuard no_grad;
    options.scores(ops::absorbed_attention_scores(query, rows, layer.edges, logit.bias, shape_.clamp, log_sum,
                                                  shape_.negative_slope));
  }
  const Tensor attended = key_value_->rows == at::kFloat ? as_computed(out) : out;
  std::vector<Tensor> by_head;
  for (int64_t head = 0; head < heads; ++head)
    by_head.push_back(mapped(heads == 1 ? attended.view({n, width}) : attended.select(1, head).contiguous(),
                             values.narrow(0, head * value, value), {}, key_value_->rows));
  return finished(heads == 1 ? by_head[0] : at::cat(by_head, 1), log_sum, layer);
}

Tensor AttentionImpl::attend_usual(const Tensor& h_destinations, const Tensor& kv, const LayerEdges& layer,
                                   const ForwardOptions& options) {
  const Tensor q = query(h_destinations).to(kv.scalar_type());
  const LogitTables logit = tables(options.temperature);
  const int64_t keys = kv.size(1) - shape_.value_width;
  auto [out, log_sum] = attend_over(q, kv, keys, layer, logit, shape_);
  // The further values get the scores of the attention's own values, since the queries and keys are those of the
  // attention.
  if (options.pool) {
    const Tensor those = torch::cat({kv.narrow(1, 0, keys), (*options.pool)[options.pooled->size()]}, 1);
    options.pooled->push_back(std::get<0>(attend_over(q, those, keys, layer, logit, shape_)));
  }
  // sparse_attention returns no scores, so the scores are computed from the logarithms of the softmax's denominators.
  if (options.scores) {
    const torch::NoGradGuard no_grad;
    const KernelRows rows(q, kv, keys, logit.scale, shape_.heads);
    options.scores(ops::sparse_attention_scores(rows.query, rows.key_value, rows.values, layer.edges, rows.scale,
                                                logit.bias, shape_.heads, shape_.clamp, log_sum,
                                                shape_.negative_slope));
  }
  return finished(out, log_sum, layer);
}

void AttentionImpl::write_keys_and_values(LayerMaps& maps) const {
  const int64_t heads = shape_.heads, key = shape_.key_width / heads, value = shape_.value_width / heads;
  const Affine kv = key_value_->affine();
  maps.clamp = shape_.clamp;
  maps.type_bias = tables(1).bias.detach().to(at::kDouble);
  maps.key = kv.weight.narrow(0, 0, shape_.key_width).reshape({heads, key, shape_.width});
  maps.key_bias = kv.bias.narrow(0, 0, shape_.key_width).reshape({heads, key});
  maps.value = kv.weight.slice(0, shape_.key_width).reshape({heads, value, shape_.width});
  maps.value_bias = kv.bias.slice(0, shape_.key_width).reshape({heads, value});
}

std::vector<NamedMap> AttentionImpl::named_maps() const {
  std::vector<NamedMap> maps;
  for (const NamedMap& map : linear_maps_in(*this)) {
    // The map key_value is listed as two maps: its first rows make the keys, and its other rows the values.
    if (map.name != "key_value") {
      maps.push_back(map);
      continue;
    }
    if (shape_.key_width > 0) maps.push_back({"key", map.weight.narrow(0, 0, shape_.key_width)});
    maps.push_back({"value", map.weight.slice(0, shape_.key_width)});
  }
  return maps;
}

}  // namespace graphsieve::nn
