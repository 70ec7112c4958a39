// SPDX-License-Identifier: Apache-2.0
// The method `fitted`, which is graphsieve's own: fits the maps to the data, instead of taking random or worst-case
// maps. Goes through the layers in order. Each narrow map is the least squares fit of the wide network's vectors at its
// place, from the vectors that the narrow network has before this place. In this way a layer corrects errors of the
// layers before it.
//
//   queries, keys   the best bilinear form of the given rank under the second moments of both sides (whitened SVD)
//   stream, mid     the best d dimensions that the narrow layer can compute (reduced-rank regression). An error is
//                   weighted by its effect on the outputs (the mean square of their gradient)
//   units           the units of the wide network's hidden layer that explain most, chosen one by one
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/method.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr double kRidge = 1e-7;        ///< ridge of the regressions, relative to the mean square of their inputs
constexpr double kFaintest = 1e-2;     ///< share of the strongest direction below which a direction counts as faint
constexpr double kMetricRidge = 0.02;  ///< weight, relative to the mean, of an error without effect on the outputs
constexpr int kProbes = 8;             ///< number of random combinations of the outputs whose gradients are taken

/// The effect of an error at each place on the outputs: the square root of E[∇ ∇ᵀ], where ∇ is the gradient of a random
/// combination of the outputs.
struct Metrics {
  std::vector<Tensor> stream, mid;  ///< [D, D], symmetric; for the places that Bases (compress/carry.h) names
};

/// Returns the symmetric square root of a moment matrix to which `ridge` times its mean eigenvalue is added.
Tensor root_of(const Tensor& moment, double ridge) {
  auto [values, vectors] = at::linalg_eigh(moment);
  const Tensor raised = values.clamp_min(0) + ridge * values.clamp_min(0).mean() + 1e-30;
  return (vectors * raised.sqrt().unsqueeze(0)).mm(vectors.t());
}

/// Measures the metrics with float32 maps. Each probe gives the centred outputs random signs, and one backward pass
/// gives the gradients of the sum at all places.
Metrics metrics_of(const CompressTask& task) {
  const at::AutoGradMode with_gradients(true);
  NetworkMaps maps = converted(task.wide, at::kFloat);
  // All vectors behind the input map get gradients because its weight does.
  maps.input.weight = maps.input.weight.detach().requires_grad_(true);
  const Trace traced = trace(maps, task.outer.to(at::kFloat), task.edges, false);
  std::vector<Tensor> places;
  for (const LayerTrace& layer : traced.layers) places.push_back(layer.input), places.push_back(layer.mid);
  places.push_back(traced.last);
  const Tensor centred = traced.logits - traced.logits.mean(1, true);
  std::vector<Tensor> moments(places.size());
  for (int probe = 0; probe < kProbes; ++probe) {
    Tensor signs = at::empty_like(centred);
    float* to = signs.mutable_data_ptr<float>();
    const uint64_t key = random_key(task.options.seed, Stream::kCompress, 0x6D, probe);
    for (int64_t i = 0; i < signs.numel(); ++i) to[i] = random_key(key, i) & 1 ? 1.f : -1.f;
    const auto gradients = torch::autograd::grad({(centred * signs).sum()}, places, {}, true);
    for (size_t p = 0; p < places.size(); ++p) {
      const Tensor g = gradients[p].to(at::kDouble), moment = g.t().mm(g);
      moments[p] = probe == 0 ? moment : moments[p] + moment;
    }
  }
  Metrics metrics;
  for (size_t p = 0; p < moments.size(); ++p) {
    const Tensor root = root_of(moments[p], kMetricRidge);
    (p % 2 == 0 ? metrics.stream : metrics.mid).push_back(root / root.norm());
  }
  return metrics;
}

/// A place of the residual stream, with h ≈ R g + r for the vectors h of the wide and g of the narrow network.
struct Place {
  Tensor g;         ///< [n, d], vectors of the narrow network
  Affine recovery;  ///< R [D, d] and r [D]
};

/// The affine map g = W z + w to those d numbers from which the wide vectors follow best by an affine map, and the
/// place that has g. The numbers have variance 1; those of faint directions have less.
struct Reduced {
  Affine map;
  Place place;
};

/// Reduced-rank regression of the wide vectors [n, D] on z: the full regression is weighted by the metric, and its d
/// leading principal directions are kept. Each direction is scaled to variance 1, but a faint direction is scaled as if
/// it were kFaintest of the strongest.
Reduced reduced_rank(const Tensor& z, const Tensor& wide, const Tensor& metric, int64_t d) {
  const Tensor z_mean = z.mean(0), mean = wide.mean(0);
  const Tensor zc = z - z_mean, fit = regression(zc, wide - mean, kRidge);  // [D, z]
  const Tensor weighed = zc.mm(fit.t()).mm(metric);
  const Spectrum s = spectrum(weighed);
  const Tensor directions = s.leading(d);  // [D, d]
  Tensor size = at::zeros({d}, at::kDouble);
  const int64_t known = std::min<int64_t>(d, s.singular_values.numel());
  size.narrow(0, 0, known).copy_(s.singular_values.narrow(0, 0, known));
  size = size / std::sqrt(static_cast<double>(z.size(0)));
  size = at::maximum(size, size.max() * kFaintest).clamp_min(1e-30);
  const Tensor inverse = 1 / size;
  Reduced to;
  to.map.weight = inverse.unsqueeze(1) * directions.t().mm(metric).mm(fit);
  to.map.bias = -at::mv(to.map.weight, z_mean);
  to.place.g = to.map(z);
  to.place.recovery = {at::linalg_solve(metric, directions * size.unsqueeze(0)), mean};
  return to;
}

/// Returns maps P and R [d, key] with (P q)·(R k) ≈ q·k: the best ones of rank d under the second moments of queries
/// and keys, in which each node counts as often as it has edges.
std::pair<Tensor, Tensor> bilinear_factors(const Tensor& query_moment, const Tensor& key_moment, int64_t d) {
  const Tensor a = root_of(query_moment, 1e-9), b = root_of(key_moment, 1e-9);
  auto [u, s, vt] = at::linalg_svd(a.mm(b), false);
  const Tensor root = s.narrow(0, 0, d).sqrt().unsqueeze(1);
  return {root * at::linalg_solve(a, u.narrow(1, 0, d)).t(), root * at::linalg_solve(b, vt.narrow(0, 0, d).t()).t()};
}

/// Rewrites the layer's queries, keys and values from x = R g + r to maps on g, and then narrows queries and keys to
/// `d` numbers per head.
void fit_attention(LayerMaps& m, const Tensor& g, const Affine& recovery, const LayerEdges& layer, int64_t d) {
  const int64_t heads = m.heads(), maps = m.query.size(1), key = m.key.size(1), n = g.size(0);
  const auto on_g = [&](Tensor& weight, Tensor& bias) {
    bias = bias + at::matmul(weight, recovery.bias);
    weight = at::matmul(weight, recovery.weight);
  };
  on_g(m.query, m.query_bias);
  on_g(m.key, m.key_bias);
  on_g(m.value, m.value_bias);
  if (d >= key) return;
  const Tensor degree = (layer.edges.row_start.slice(0, 1) - layer.edges.row_start.slice(0, 0, -1)).to(at::kDouble);
  const Tensor served = at::bincount(layer.edges.index, {}, n).to(at::kDouble);
  // If this is true, adding a constant to all keys changes no softmax.
  const bool shift_free = maps == 1 && std::isinf(m.clamp);
  // A node's query counts once per in-edge, and its key once per edge that it serves as the source of.
  std::vector<Tensor> queries, query_biases, keys, key_biases;
  for (int64_t h = 0; h < heads; ++h) {
    Tensor moment = at::zeros({key, key}, at::kDouble);
    for (int64_t t = 0; t < maps; ++t) {
      const Tensor q = at::linear(g, m.query[h][t], m.query_bias[h][t]).narrow(0, 0, layer.destinations);
      moment = moment + (q * degree.unsqueeze(1)).t().mm(q);
    }
    Tensor k = at::linear(g, m.key[h], m.key_bias[h]);
    const Tensor weight = served.unsqueeze(1);
    if (shift_free) k = k - (k * weight).sum(0) / weight.sum().clamp_min(1);
    const auto [left, right] = bilinear_factors(moment, (k * weight).t().mm(k), d);
    queries.push_back(at::matmul(left, m.query[h]));
    query_biases.push_back(at::matmul(m.query_bias[h], left.t()));
    keys.push_back(right.mm(m.key[h]));
    key_biases.push_back(at::mv(right, m.key_bias[h]));
  }
  m.query = at::stack(queries), m.query_bias = at::stack(query_biases);
  m.key = at::stack(keys), m.key_bias = at::stack(key_biases);
}

/// Returns the means of g + shift over each destination's edges, weighted by the narrow attention: [n, heads · d], the
/// heads side by side. The means come from the trace of a layer whose values are g + shift; its other maps do not
/// matter.
Tensor pooled(const LayerMaps& narrow, const Tensor& g, const Tensor& shift, const LayerEdges& edges) {
  LayerMaps m = narrow;
  const int64_t heads = m.heads(), d = g.size(1);
  m.value = at::eye(d, at::kDouble).expand({heads, d, d}).contiguous();
  m.value_bias = shift.expand({heads, d}).contiguous();
  m.attention_out = at::zeros({1, heads * d}, at::kDouble);
  m.attention_skip = {at::zeros({1, d}, at::kDouble), at::zeros({1}, at::kDouble)};
  m.ffn_in = m.ffn_skip = {at::zeros({1, 1}, at::kDouble), at::zeros({1}, at::kDouble)};
  m.ffn_out = at::zeros({1, 1}, at::kDouble);
  const NetworkMaps one{{at::eye(d, at::kDouble), at::zeros({d}, at::kDouble)}, {m}, {}};
  return trace(one, g, {edges}, false).layers[0].attended;
}

/// Returns value maps [heads, width, d]: per head, the `width` combinations of the pooled g (`means`) that explain most
/// of the wide mid.
Tensor fit_values(const Tensor& means, const Tensor& g, const Tensor& wide_mid, const Tensor& metric, int64_t heads,
                  int64_t width) {
  const int64_t d = g.size(1);
  if (width >= d) return at::eye(d, at::kDouble).expand({heads, d, d}).contiguous();
  const Tensor z = at::cat({means, g}, 1);
  const Tensor fit = metric.mm(regression(z - z.mean(0), wide_mid - wide_mid.mean(0), kRidge));
  std::vector<Tensor> values;
  for (int64_t h = 0; h < heads; ++h) {
    const Tensor mine = means.narrow(1, h * d, d), centred = mine - mine.mean(0);
    const Tensor root = root_of(centred.t().mm(centred), 1e-9);
    const Tensor vt = std::get<2>(at::linalg_svd(fit.narrow(1, h * d, d).mm(root), false)).narrow(0, 0, width);
    values.push_back(at::linalg_solve(root, vt.t()).t() * std::sqrt(static_cast<double>(g.size(0))));
  }
  return at::stack(values);
}

/// Returns the numbers of `count` of the candidates [n, f]. They are chosen one by one: each is the candidate that
/// explains most of the part of `target` that neither `base` nor the candidates before explain.
Tensor explain(const Tensor& candidates, const Tensor& base, const Tensor& target, int64_t count) {
  const auto without = [](const Tensor& x, const Tensor& directions) {
    return x - directions.mm(directions.t().mm(x));
  };
  // Whatever a constant, `base` and the chosen candidates explain is projected out of the candidates and the target.
  Tensor ones = at::ones({base.size(0), 1}, at::kDouble);
  const Tensor q = std::get<0>(at::linalg_qr(at::cat({ones, base}, 1)));
  Tensor rest = without(without(candidates, q), q), missing = without(target, q);
  const Tensor start = rest.square().sum(0);
  Tensor picked = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    const Tensor size = rest.square().sum(0);
    const Tensor gain = rest.t().mm(missing).square().sum(1) / size.clamp_min(1e-300);
    const int64_t best = at::where(size > 1e-10 * start, gain, at::full_like(gain, -1)).argmax().item<int64_t>();
    picked[i] = best;
    const Tensor column = rest.narrow(1, best, 1);
    const Tensor length = column.norm();
    if (length.item<double>() == 0) continue;
    const Tensor direction = column / length;
    missing = without(missing, direction);
    rest = without(rest, direction);
    rest.select(1, best).zero_();
  }
  return picked;
}

/// Fits all maps of the network, in the order of the layers. `stream` always has the narrow network's vectors g at the
/// current place, as they are with all maps that are fitted so far.
NetworkMaps fit_network(const CompressTask& task) {
  const int64_t d = task.options.width;
  const Metrics metrics = metrics_of(task);
  NetworkMaps to = task.wide;
  Reduced stream = reduced_rank(task.outer, task.trace.layers[0].input, metrics.stream[0], d);
  to.input = stream.map;
  for (size_t l = 0; l < task.wide.layers.size(); ++l) {
    const LayerMaps& wide = task.wide.layers[l];
    const LayerTrace& aim = task.trace.layers[l];
    const Tensor& next = l + 1 < task.wide.layers.size() ? task.trace.layers[l + 1].input : task.trace.last;
    const int64_t heads = wide.heads(), of_head = std::max<int64_t>(1, d / heads);
    const Tensor g = stream.place.g;
    LayerMaps& m = to.layers[l];
    fit_attention(m, g, stream.place.recovery, task.edges[l], of_head);
    // The constant part of the wide values goes through the attention: a node without in-edges gets none of it. So g is
    // shifted before the values are computed.
    const Affine& recovery = stream.place.recovery;
    const Tensor shift = at::mv(at::linalg_pinv(recovery.weight), recovery.bias);
    const Tensor means = pooled(m, g, shift, task.edges[l]);
    m.value = fit_values(means, g, aim.mid, metrics.mid[l], heads, of_head);
    m.value_bias = at::matmul(m.value, shift);
    const int64_t width = m.value.size(1);
    // mid is fitted from the outputs of the attention and from g, which arrives by the skip path.
    std::vector<Tensor> parts;
    for (int64_t h = 0; h < heads; ++h) parts.push_back(means.narrow(1, h * d, d).mm(m.value[h].t()));
    parts.push_back(g);
    const Reduced mid = reduced_rank(at::cat(parts, 1), aim.mid, metrics.mid[l], d);
    m.attention_out = mid.map.weight.narrow(1, 0, heads * width).contiguous();
    m.attention_skip = {mid.map.weight.narrow(1, heads * width, d).contiguous(), mid.map.bias};

    // The hidden layer keeps the units of the wide network that explain most of the layer's output beside mid itself.
    // The output is then fitted from these units and from mid.
    const Affine in = {wide.ffn_in.weight.mm(mid.place.recovery.weight), wide.ffn_in(mid.place.recovery.bias)};
    const Tensor candidates = in(mid.place.g).relu();
    const int64_t count = std::min(task.options.units > 0 ? task.options.units : d, wide.ffn_in.out());
    const Tensor picked = explain(candidates, mid.place.g, next.mm(metrics.stream[l + 1]), count);
    m.ffn_in = {in.weight.index_select(0, picked), in.bias.index_select(0, picked)};
    stream =
        reduced_rank(at::cat({candidates.index_select(1, picked), mid.place.g}, 1), next, metrics.stream[l + 1], d);
    m.ffn_out = stream.map.weight.narrow(1, 0, count).contiguous();
    m.ffn_skip = {stream.map.weight.narrow(1, count, d).contiguous(), stream.map.bias};
  }
  // The first output layer is fitted to its values in the wide network; the output layers behind it stay.
  const Affine& out = task.wide.output[0];
  const Tensor ones = at::ones({stream.place.g.size(0), 1}, at::kDouble);
  const Tensor fit = regression(at::cat({stream.place.g, ones}, 1), out(task.trace.last), 1e-12);
  to.output[0] = {fit.narrow(1, 0, d).contiguous(), fit.select(1, d).contiguous()};
  return to;
}

/// Fits queries and keys alone; the residual stream keeps its width.
NetworkMaps fit_queries_keys(const CompressTask& task) {
  NetworkMaps to = task.wide;
  for (size_t l = 0; l < to.layers.size(); ++l) {
    const int64_t heads = to.layers[l].heads(), width = to.layers[l].key.size(2);
    if (task.options.width % heads != 0)
      throw Error("width is ", task.options.width, "; expected a multiple of the network's ", heads, " heads");
    const Affine same{at::eye(width, at::kDouble), at::zeros({width}, at::kDouble)};
    fit_attention(to.layers[l], task.trace.layers[l].input, same, task.edges[l], task.options.width / heads);
  }
  return to;
}

}  // namespace

Compression compress_fitted(const CompressTask& task) {
  Compression found;
  found.attention_alone = task.options.part == "attention";
  found.maps = found.attention_alone ? fit_queries_keys(task) : fit_network(task);
  found.assumption = {{"holds", nullptr}};
  found.promise = {{"vacuous", true},
                   {"why", "fitted to this network on this graph; the measured error below is all there is"}};
  return found;
}

}  // namespace graphsieve
