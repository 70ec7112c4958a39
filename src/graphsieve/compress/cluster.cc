// SPDX-License-Identifier: Apache-2.0
// Theorem 4.4 for vectors that lie in at most d clusters after each layer's attention. A hidden layer of d units
// detects the cluster of a vector (nearly one-hot), and the layer's output is the image of the cluster's centre under
// the wide layer.
#include "graphsieve/compress/cluster.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/random.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/edge_logits.h"
#include "graphsieve/compress/jl.h"
#include "graphsieve/compress/jl_matrix.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int kLloydSteps = 20;
constexpr double kSmallRadius = 0.1;  ///< radii up to this one count as small: a member's unit is then at least 0.6

/// Returns the squared distances [n, clusters] of the rows of x from the centres.
Tensor squared_distances(const Tensor& x, const Tensor& centre) {
  return (x.square().sum(1, true) - 2 * x.mm(centre.t()) + centre.square().sum(1).unsqueeze(0)).clamp_min(0);
}

/// Returns d orthonormal columns that span the rows of x, followed by zero columns if the rows span fewer dimensions. x
/// has at most d rows.
Tensor span_of(const Tensor& x, int64_t d) {
  const Spectrum s = spectrum(x);
  const int64_t rank = s.rank();
  return at::cat({s.leading(rank), at::zeros({x.size(1), d - rank}, x.options())}, 1);
}

/// Rows of x, each the one that is furthest from the rows before it (Gonzalez 1985). The first is the longest row. The
/// list ends early where every row lies on one of the list.
std::vector<int64_t> furthest_first(const Tensor& x, int64_t count) {
  std::vector<int64_t> rows = {x.square().sum(1).argmax().item<int64_t>()};
  Tensor nearest = squared_distances(x, x.narrow(0, rows[0], 1)).select(1, 0);
  const double nothing = 1e-24 * std::max(1.0, x.square().sum(1).max().item<double>());
  while (static_cast<int64_t>(rows.size()) < count && nearest.max().item<double>() > nothing) {
    rows.push_back(nearest.argmax().item<int64_t>());
    nearest = at::minimum(nearest, squared_distances(x, x.narrow(0, rows.back(), 1)).select(1, 0));
  }
  return rows;
}

/// Computes members and figures of clusters whose centres are given.
void assign(const Tensor& x, Clusters& c) {
  c.member_of = squared_distances(x, c.centre).argmin(1);
  const Tensor length = c.centre.norm(2, {1});
  c.shortest = length.min().item<double>();
  c.longest = length.max().item<double>();
  const Tensor off = (x - c.centre.index_select(0, c.member_of)).norm(2, {1});
  c.radius = (off / length.index_select(0, c.member_of)).max().item<double>();
  c.separation = 0;
  if (c.centre.size(0) < 2) return;
  const Tensor products = c.centre.mm(c.centre.t());
  products.diagonal().fill_(-std::numeric_limits<double>::infinity());
  c.separation = products.max().item<double>() / (c.shortest * c.shortest / 2);
}

/// Returns the clusters around these rows of x, after Lloyd's steps.
Clusters improved(const Tensor& x, const std::vector<int64_t>& rows) {
  Clusters c;
  c.centre = x.index_select(0, at::tensor(rows, at::kLong)).clone();
  assign(x, c);
  for (int step = 0; step < kLloydSteps; ++step) {
    const Tensor size = at::bincount(c.member_of, {}, c.centre.size(0)).to(at::kDouble).unsqueeze(1);
    const Tensor sum = at::zeros_like(c.centre).index_add(0, c.member_of, x);
    c.centre = at::where(size > 0, sum / size.clamp_min(1), c.centre);
    const Tensor before = c.member_of;
    assign(x, c);
    if (at::equal(before, c.member_of)) break;
  }
  return c;
}

/// How far clusters are from the assumptions of the theorem; at most 1: the assumptions hold.
double distance_from_theorem(const Clusters& c) { return std::max(c.radius / kSmallRadius, c.separation); }

/// Returns at most `most` clusters of the rows of x, of the number that comes closest to the assumptions of the
/// theorem. More clusters have smaller radii, fewer are better separated. The number is chosen by the first centres,
/// and Lloyd's steps then improve the clusters of this number and of those beside it.
Clusters best_clusters(const Tensor& x, int64_t most) {
  const std::vector<int64_t> rows = furthest_first(x, most);
  const auto first = [&](int64_t count) { return std::vector<int64_t>(rows.begin(), rows.begin() + count); };
  const auto all = static_cast<int64_t>(rows.size());
  int64_t chosen = 1;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t count = 1; count <= all; ++count) {
    Clusters tried;
    tried.centre = x.index_select(0, at::tensor(first(count), at::kLong));
    assign(x, tried);
    const double off = distance_from_theorem(tried);
    if (off < least) least = off, chosen = count;
    if (tried.separation > 1 && tried.separation >= least) break;  // the separation of more centres is no better
  }
  Clusters best;
  least = std::numeric_limits<double>::infinity();
  for (int64_t count = std::max<int64_t>(1, chosen - 1); count <= std::min(all, chosen + 1); ++count) {
    const Clusters tried = improved(x, first(count));
    const double off = distance_from_theorem(tried);
    if (off < least) least = off, best = tried;
  }
  return best;
}

/// Returns a random matrix U [mid width, d] that keeps the dot products of the first layer's mid with the centres. Of
/// `options.tries` choices, the one with the smallest largest error of a unit's input is returned.
Tensor random_view(const CompressTask& task, const Tensor& centre) {
  const CompressOptions& o = task.options;
  const Tensor& mid = task.trace.layers[0].mid;
  const Tensor exact = centre / centre.square().sum(1, true).clamp_min(1e-300);
  Tensor best;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t t = 0; t < o.tries; ++t) {
    // The matrices of the logits have the keys of layers; this key is that of the layer behind the last one.
    const uint64_t key = random_key(o.seed, Stream::kCompress, task.wide.layers.size(), t, 0);
    const Tensor tried = jl_matrix(o.width, mid.size(1), o.matrix == "sign", key).t();
    const double error = mid.mm((unit_directions(centre, tried) - exact).t()).abs().max().item<double>();
    if (!best.defined() || error < least) least = error, best = tried;
  }
  return best;
}

/// Narrows the queries, keys and values of the first layer to d numbers per head, where they have more. The layer's
/// input stays wide. `layer` is the layer with its map behind the attention narrowed already.
void narrow_first_attention(const CompressTask& task, LayerMaps& layer) {
  merge_out_into_values(layer);
  if (!logits_wider_than(layer, task.options.width)) return;
  const LayerMaps narrow = with_jl_logits(task, 0, task.options.width);
  layer.query = narrow.query, layer.query_bias = narrow.query_bias;
  layer.key = narrow.key, layer.key_bias = narrow.key_bias;
}

/// A condition of the theorem for the first layer: whether it holds, and its measurements for compression.json.
struct Condition {
  bool holds;
  Json figures;
};

/// The first condition: d is as large as the union bound asks for, over the different dot products of queries and keys,
/// and those of mid and the centres.
Condition random_matrices_suffice(const CompressTask& task, const Clusters& clusters) {
  const LayerMaps& first = task.wide.layers[0];
  const LayerTrace& of = task.trace.layers[0];
  const double logits =
      different_pairs(first, task.edges[0], distinct_rows(of.input)) * static_cast<double>(first.heads());
  const double pairs = logits + static_cast<double>(distinct_rows(of.mid) * clusters.centre.size(0));
  const double asked = jl_width(pairs, task.options.epsilon);
  return {asked <= static_cast<double>(task.options.width),
          {{"pairs", pairs}, {"width_asked", asked}, {"epsilon_asked", task.options.epsilon}}};
}

/// The second condition: every row of the input is within ε of the subspace.
Condition input_is_near_subspace(const CompressTask& task, const Bases& bases) {
  const double off = distances(task.trace.layers[0].input, bases.stream[0]).max().item<double>();
  return {off <= task.options.epsilon, {{"input_epsilon", off}, {"input_epsilon_asked", task.options.epsilon}}};
}

}  // namespace

Clusters clusters_of(const Tensor& x, int64_t count) { return improved(x, furthest_first(x, count)); }

/// Every layer's clusters give a basis of mid (the span of the centres) and of the layer's output (the span of the
/// images). Afterwards the hidden layers are replaced: unit c is relu(4 h·c / ‖c‖² − 3), which is 1 at its own centre
/// and 0 at well separated centres, and the map behind the units has the images as columns. The skip path around the
/// FFN becomes zero, since the images include what passes there.
///
/// The first layer's input has no clusters. Of the theorem's two conditions for the first layer, `subspace` is the
/// second: the input lies near d directions. The first, `jl`, asks for a large d: the first layer keeps its wide input,
/// and random matrices keep its dot products, those of queries and keys and those of mid and the centres.
Compression compress_cluster(const CompressTask& task) {
  const int64_t d = task.options.width;
  const size_t layers = task.wide.layers.size();
  const bool jl = task.options.first_layer == "jl";
  Bases bases = principal_bases(task.trace, d);
  std::vector<Clusters> clusters;
  std::vector<ClusterUnits> units;
  Json found_clusters = Json::array();
  bool holds = true;
  for (size_t l = 0; l < layers; ++l) {
    const LayerMaps& m = task.wide.layers[l];
    clusters.push_back(best_clusters(task.trace.layers[l].mid, d));
    const Clusters& c = clusters.back();
    units.push_back({c.centre, c.member_of, at::linear(m.ffn_in(c.centre).relu(), m.ffn_out) + m.ffn_skip(c.centre)});
    bases.mid[l] = span_of(c.centre, d);
    bases.stream[l + 1] = span_of(units.back().image, d);
    const bool layer_holds = c.radius <= kSmallRadius && c.separation <= 1 && c.shortest > 0;
    holds = holds && layer_holds;
    found_clusters.push_back({{"layer", l},
                              {"clusters", c.centre.size(0)},
                              {"gamma_1", c.shortest},
                              {"gamma_2", c.longest},
                              {"radius", c.radius},
                              {"separation", c.separation},
                              {"holds", layer_holds}});
  }
  if (jl) {
    bases.stream[0] = at::eye(task.wide.input.out(), at::kDouble);
    bases.mid[0] = random_view(task, clusters[0].centre);
  }
  Compression found;
  found.maps = carried(task.wide, bases);
  if (jl) narrow_first_attention(task, found.maps.layers[0]);
  for (size_t l = 0; l < layers; ++l) {
    LayerMaps& m = found.maps.layers[l];
    const Tensor centre = clusters[l].centre.mm(bases.mid[l]);  // [clusters, d]
    const int64_t count = centre.size(0);
    const auto padded = [&](const Tensor& rows) {
      return at::cat({rows, at::zeros({d - count, rows.size(1)}, rows.options())}, 0);
    };
    m.ffn_in = {padded(4 * centre / centre.square().sum(1, true).clamp_min(1e-300)), at::full({d}, -3.0, at::kDouble)};
    m.ffn_out = padded(units[l].image.mm(bases.stream[l + 1])).t().contiguous();
    m.ffn_skip = {at::zeros({d, d}, at::kDouble), at::zeros({d}, at::kDouble)};
  }
  const Condition first = jl ? random_matrices_suffice(task, clusters[0]) : input_is_near_subspace(task, bases);
  found.assumption = {{"holds", holds && first.holds},
                      {"radius_asked", kSmallRadius},
                      {"separation_asked", 1},
                      {"first_layer", task.options.first_layer},
                      {"layers", found_clusters}};
  found.assumption.update(first.figures);
  double dot_error = 0;
  if (jl)
    dot_error = logit_errors(task.wide.layers[0], found.maps.layers[0], task.trace.layers[0].input, task.edges[0])
                    .largest_relative;
  found.promise = promised(task, cluster_bound(task.wide, task.trace, task.edges, bases, units, dot_error));
  if (jl) found.promise["first_dot_product_error"] = dot_error;
  return found;
}

}  // namespace graphsieve
