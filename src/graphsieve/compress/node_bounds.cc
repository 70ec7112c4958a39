// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/node_bounds.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/subspace.h"
#include "graphsieve/nn/layers.h"

namespace graphsieve {
namespace {

using at::Tensor;

constexpr int64_t kEdgesAtOnce = 1 << 15;  ///< edges that are looked at together, so that memory stays small
constexpr double kLargestExponent = 300;   ///< a larger one would overflow; the bound is useless long before

Tensor lengths(const Tensor& x, int64_t dimension = -1) { return x.norm(2, {dimension}); }

double largest(const Tensor& x) { return x.numel() == 0 ? 0 : x.max().item<double>(); }

/// The sizes of a layer's vectors and forms that bound the change of its logits.
struct LogitSizes {
  Tensor query, key;            ///< [n, heads, maps] ‖q‖; [n, heads] ‖k‖
  Tensor query_form, key_form;  ///< [n, heads, maps] ‖Kᵀ q‖ and ‖Q_tᵀ k‖: by how much a logit moves with the other end
  Tensor form;                  ///< [heads, maps] ‖Kᵀ Q_t‖
  Tensor query_map, key_map;    ///< [heads, maps] ‖Q_t‖; [heads] ‖K‖
};

Tensor operator_norms(const Tensor& maps) { return std::get<0>(at::linalg_svdvals(maps).max(-1)); }

LogitSizes sizes_of(const LayerMaps& m, const Tensor& h) {
  const int64_t heads = m.heads(), maps = m.query.size(1), key = m.key.size(1), width = h.size(1);
  const auto rows = [&](const std::function<Tensor(const Tensor& x)>& of) {
    return nn::by_blocks(h.size(0), [&](int64_t begin, int64_t end) { return of(h.slice(0, begin, end)).flatten(1); });
  };
  const auto queries = [&](const Tensor& x) {
    return at::linear(x, m.query.reshape({-1, width}), m.query_bias.reshape({-1})).view({-1, heads, maps, key});
  };
  const auto keys = [&](const Tensor& x) {
    return at::linear(x, m.key.reshape({-1, width}), m.key_bias.reshape({-1})).view({-1, heads, key});
  };
  LogitSizes s;
  s.query = rows([&](const Tensor& x) { return lengths(queries(x)); }).view({-1, heads, maps});
  s.key = rows([&](const Tensor& x) { return lengths(keys(x)); });
  s.query_form = rows([&](const Tensor& x) {  // [rows, heads, maps, key] × [heads, key, width]
                   return lengths(at::einsum("nhtk,hkw->nhtw", {queries(x), m.key}));
                 })
                     .view({-1, heads, maps});
  s.key_form = rows([&](const Tensor& x) {
                 return lengths(at::einsum("nhk,htkw->nhtw", {keys(x), m.query}));
               }).view({-1, heads, maps});
  s.form = operator_norms(at::matmul(m.key.transpose(1, 2).unsqueeze(1), m.query));
  s.query_map = operator_norms(m.query), s.key_map = operator_norms(m.key);
  return s;
}

/// Returns values [n, heads, maps] of the edges' nodes for the query maps of the edges' types: [edges, heads].
Tensor of_type(const Tensor& values, const Tensor& node, const Tensor& map) {
  const Tensor of_node = values.index_select(0, node);
  return of_node.gather(2, map.view({-1, 1, 1}).expand({-1, of_node.size(1), 1})).squeeze(2);
}

/// Returns ‖F₂ L‖‖F₁‖ + ‖R‖: how far the FFN and its skip path carry an error. ReLU carries no error further.
double ffn_growth(const LayerMaps& m, const Units& units) {
  if (!units.picked.defined())
    return operator_norm(m.ffn_out) * operator_norm(m.ffn_in.weight) + operator_norm(m.ffn_skip.weight);
  return operator_norm(m.ffn_out.mm(units.lift)) * operator_norm(m.ffn_in.weight.index_select(0, units.picked)) +
         operator_norm(m.ffn_skip.weight);
}

double output_growth(const NetworkMaps& wide) {
  double growth = 1;
  for (const Affine& map : wide.output) growth *= operator_norm(map.weight);
  return growth;
}

/// Returns √(a² + b²): an error inside a subspace and a part of a vector outside it are orthogonal.
Tensor with_part_outside(const Tensor& inside, const Tensor& outside) { return at::hypot(inside, outside); }

/// Returns what the output of each layer of `trace` is: the input of the next layer.
const Tensor& output_of(const Trace& trace, size_t layer) {
  return layer + 1 < trace.layers.size() ? trace.layers[layer + 1].input : trace.last;
}

}  // namespace

AttentionBound attention_bound(const LayerMaps& m, const LayerTrace& wide, const LayerEdges& edges, const Tensor& error,
                               double dot_error) {
  const int64_t heads = m.heads(), n = edges.destinations, value = m.value.size(1), width = wide.input.size(1);
  const Tensor& h = wide.input;
  const LogitSizes sizes = sizes_of(m, h);
  // O_h: the part of O that head h's values go through, [heads, mid, value].
  const Tensor out = m.attention_out.view({-1, heads, value}).transpose(0, 1);
  const Tensor value_growth = operator_norms(at::matmul(out, m.value));  // ‖O_h V_h‖ [heads]
  // O_h v_j and O_h a_i: what a head adds to mid, by source and by destination.
  const Tensor values = at::einsum(
      "nhv,hmv->nhm",
      {at::linear(h, m.value.reshape({-1, width}), m.value_bias.reshape({-1})).view({-1, heads, value}), out});
  const Tensor pooled = at::einsum("nhv,hmv->nhm", {wide.attended.view({-1, heads, value}), out});
  const auto zeros = [&] { return at::zeros({n, heads}, h.options()); };
  Tensor logit = zeros(), radius = zeros(), mean_error = zeros(), most_error = zeros();
  const Tensor index = edges.edges.index.to(at::kLong), type = edges.edges.type.to(at::kLong);
  const Tensor row = at::repeat_interleave(edges.edges.row_start.diff());
  for (int64_t first = 0; first < index.numel(); first += kEdgesAtOnce) {
    const int64_t last = std::min(index.numel(), first + kEdgesAtOnce);
    const Tensor to = row.slice(0, first, last), from = index.slice(0, first, last);
    const Tensor map = m.query.size(1) == 1 ? at::zeros_like(from) : type.slice(0, first, last);
    const Tensor e_to = error.index_select(0, to).unsqueeze(1), e_from = error.index_select(0, from).unsqueeze(1);
    // |q̂·k̂ − q·k| ≤ ‖Q_tᵀk‖ e_i + ‖Kᵀq‖ e_j + ‖KᵀQ_t‖ e_i e_j
    Tensor change = of_type(sizes.key_form, from, map) * e_to + of_type(sizes.query_form, to, map) * e_from +
                    sizes.form.t().index_select(0, map) * e_to * e_from;
    if (dot_error > 0)
      change = change + dot_error * (of_type(sizes.query, to, map) + sizes.query_map.t().index_select(0, map) * e_to) *
                            (sizes.key.index_select(0, from) + sizes.key_map.unsqueeze(0) * e_from);
    change = change.clamp_max(2 * m.clamp);
    const Tensor rows = to.unsqueeze(1).expand({-1, heads});
    logit.scatter_reduce_(0, rows, change, "amax");
    const Tensor off = lengths(values.index_select(0, from) - pooled.index_select(0, to));
    radius.scatter_reduce_(0, rows, off, "amax");
    most_error.scatter_reduce_(0, rows, e_from.expand({-1, heads}).contiguous(), "amax");
    mean_error.index_add_(0, to, wide.scores.slice(0, first, last) * e_from);
  }
  // Σ â e is at most the largest e, and at most exp(2 change) Σ a e. Softmax moves at most tanh(change / 2) of the
  // attention from some in-edges to others, which moves the pooled value by at most twice that times the radius.
  const Tensor carried = at::minimum(most_error, (2 * logit).clamp_max(kLargestExponent).exp() * mean_error);
  const Tensor moved = 2 * (logit / 2).tanh() * radius;
  AttentionBound bound;
  bound.mid = (carried * value_growth + moved).sum(1) + operator_norm(m.attention_skip.weight) * error.narrow(0, 0, n);
  bound.logits = largest(logit);
  return bound;
}

NetworkBound carried_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                           const Bases& bases) {
  NetworkBound bound;
  Tensor error = distances(trace.layers[0].input, bases.stream[0]);
  for (size_t l = 0; l < wide.layers.size(); ++l) {
    const LayerMaps& m = wide.layers[l];
    const LayerTrace& of = trace.layers[l];
    const AttentionBound attention = attention_bound(m, of, edges[l], error);
    bound.logits.push_back(attention.logits);
    const Tensor mid = with_part_outside(attention.mid, distances(of.mid, bases.mid[l]));
    const Units& units = bases.units[l];
    Tensor next = ffn_growth(m, units) * mid;
    if (units.picked.defined())  // what the units that stay miss of the others
      next =
          next + lengths(at::linear(of.units.index_select(1, units.picked).mm(units.lift.t()) - of.units, m.ffn_out));
    error = with_part_outside(next, distances(output_of(trace, l), bases.stream[l + 1]));
  }
  bound.outputs = error * output_growth(wide);
  return bound;
}

NetworkBound dot_product_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                               double epsilon) {
  NetworkBound bound;
  Tensor error = at::zeros({trace.layers[0].input.size(0)}, trace.layers[0].input.options());
  for (size_t l = 0; l < wide.layers.size(); ++l) {
    const AttentionBound attention = attention_bound(wide.layers[l], trace.layers[l], edges[l], error, epsilon);
    bound.logits.push_back(attention.logits);
    error = ffn_growth(wide.layers[l], {}) * attention.mid;
  }
  bound.outputs = error * output_growth(wide);
  return bound;
}

Tensor unit_directions(const Tensor& centre, const Tensor& basis) {
  const Tensor narrow = centre.mm(basis);
  return narrow.mm(basis.t()) / narrow.square().sum(1, true).clamp_min(1e-300);
}

NetworkBound cluster_bound(const NetworkMaps& wide, const Trace& trace, const std::vector<LayerEdges>& edges,
                           const Bases& bases, const std::vector<ClusterUnits>& units, double first_dot_error) {
  NetworkBound bound;
  Tensor error = distances(trace.layers[0].input, bases.stream[0]);
  for (size_t l = 0; l < wide.layers.size(); ++l) {
    const LayerTrace& of = trace.layers[l];
    const ClusterUnits& u = units[l];
    const AttentionBound attention = attention_bound(wide.layers[l], of, edges[l], error, l == 0 ? first_dot_error : 0);
    bound.logits.push_back(attention.logits);
    // A unit looks along g alone: what a projection leaves out of mid in other directions does not count.
    const Tensor direction = unit_directions(u.centre, bases.mid[l]);
    const Tensor before = 4 * of.mid.mm(direction.t()) - 3;
    const Tensor off = 4 * attention.mid.unsqueeze(1) * lengths(direction);
    const Tensor wanted = at::zeros_like(before).scatter_(1, u.member_of.unsqueeze(1), 1.0);
    const Tensor wrong = at::maximum(((before + off).relu() - wanted).abs(), ((before - off).relu() - wanted).abs());
    const Tensor missed = lengths(u.image.index_select(0, u.member_of) - output_of(trace, l));
    error = missed + wrong.mv(lengths(u.image));
  }
  bound.outputs = error * output_growth(wide);
  return bound;
}

}  // namespace graphsieve
