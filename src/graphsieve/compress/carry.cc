// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/carry.h"

#include <torch/torch.h>

#include "graphsieve/compress/subspace.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// Returns an affine map between two places in the coordinates of their bases.
Affine between(const Tensor& to, const Affine& map, const Tensor& from) {
  return {to.t().mm(map.weight).mm(from), map.bias.unsqueeze(0).mm(to).squeeze(0)};
}

bool all_zero(const Tensor& t) { return t.eq(0).all().item<bool>(); }

}  // namespace

bool logits_wider_than(const LayerMaps& m, int64_t d) {
  return m.key.size(1) > d && all_zero(m.query_bias) && all_zero(m.key_bias);
}

void merge_out_into_values(LayerMaps& m) {
  const int64_t heads = m.heads(), value = m.value.size(1), d = m.attention_out.size(0);
  if (value <= d || !all_zero(m.value_bias)) return;
  const Tensor out = m.attention_out.view({d, heads, value}).transpose(0, 1);  // [heads, d, value]
  m.value = at::matmul(out, m.value);
  m.value_bias = at::zeros({heads, d}, m.value.options());
  m.attention_out = at::eye(d, m.value.options()).repeat({1, heads});
}

void narrow_attention(LayerMaps& m, const Tensor& basis) {
  const int64_t heads = m.heads(), maps = m.query.size(1), d = basis.size(1);
  m.query = at::matmul(m.query, basis);
  m.key = at::matmul(m.key, basis);
  m.value = at::matmul(m.value, basis);
  // Neither branch below changes what the layer computes. Both reduce the width of a head to d.
  const Tensor same = at::eye(d, basis.options()).expand({heads, d, d});
  if (logits_wider_than(m, d)) {
    m.query = at::matmul(m.key.transpose(1, 2).unsqueeze(1), m.query);  // [heads, maps, d, d]
    m.query_bias = at::zeros({heads, maps, d}, basis.options());
    m.key = same.contiguous();
    m.key_bias = at::zeros({heads, d}, basis.options());
  }
  if (m.value.size(1) > d && all_zero(m.value_bias)) {
    const Tensor out = m.attention_out.view({-1, heads, m.value.size(1)}).transpose(0, 1);  // [heads, mid, value]
    m.attention_out = at::matmul(out, m.value).transpose(0, 1).reshape({-1, heads * d});
    m.value = same.contiguous();
    m.value_bias = at::zeros({heads, d}, basis.options());
  }
}

NetworkMaps carried(const NetworkMaps& wide, const Bases& bases) {
  NetworkMaps to = wide;
  const Tensor& first = bases.stream.front();
  to.input = {first.t().mm(wide.input.weight), wide.input.bias.unsqueeze(0).mm(first).squeeze(0)};
  for (size_t l = 0; l < wide.layers.size(); ++l) {
    LayerMaps& m = to.layers[l];
    const Tensor &from = bases.stream[l], &mid = bases.mid[l], &next = bases.stream[l + 1];
    narrow_attention(m, from);
    m.attention_out = mid.t().mm(m.attention_out);
    m.attention_skip = between(mid, m.attention_skip, from);
    m.ffn_in.weight = m.ffn_in.weight.mm(mid);
    m.ffn_out = next.t().mm(m.ffn_out);
    m.ffn_skip = between(next, m.ffn_skip, mid);
    // Only the picked units are computed; `lift` gives the other units, and is merged into the map behind them.
    const Units& units = bases.units[l];
    if (!units.picked.defined()) continue;
    m.ffn_in = {m.ffn_in.weight.index_select(0, units.picked), m.ffn_in.bias.index_select(0, units.picked)};
    m.ffn_out = m.ffn_out.mm(units.lift);
  }
  to.output[0].weight = wide.output[0].weight.mm(bases.stream.back());
  return to;
}

Bases principal_bases(const Trace& trace, int64_t width) {
  Bases bases;
  for (const LayerTrace& layer : trace.layers) {
    bases.stream.push_back(spectrum(layer.input).leading(width));
    bases.mid.push_back(spectrum(layer.mid).leading(width));
  }
  bases.stream.push_back(spectrum(trace.last).leading(width));
  bases.units.resize(trace.layers.size());
  return bases;
}

}  // namespace graphsieve
