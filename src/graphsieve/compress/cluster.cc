// SPDX-License-Identifier: Apache-2.0
// Theorem 4.4 for vectors that lie in at most d clusters after each layer's attention. A hidden layer of d units
// detects the cluster of a vector (nearly one-hot), and the layer's output is the image of the cluster's centre under
// the wide layer.
#include "graphsieve/compress/cluster.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/carry.h"
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

}  // namespace

Clusters clusters_of(const Tensor& x, int64_t count) { return improved(x, furthest_first(x, count)); }

/// Every layer's clusters give a basis of mid (the span of the centres) and of the layer's output (the span of the
/// images). Afterwards the hidden layers are replaced: unit c is relu(4 h·c / ‖c‖² − 3), which is 1 at its own centre
/// and 0 at well separated centres, and the map behind the units has the images as columns. The skip path around the
/// FFN becomes zero, since the images include what passes there.
Compression compress_cluster(const CompressTask& task) {
  const int64_t d = task.options.width;
  const size_t layers = task.wide.layers.size();
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
  Compression found;
  found.maps = carried(task.wide, bases);
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
  const Tensor& first = task.trace.layers[0].input;
  const double off = distances(first, bases.stream[0]).max().item<double>();
  holds = holds && off <= task.options.epsilon;
  found.assumption = {{"holds", holds},
                      {"radius_asked", kSmallRadius},
                      {"separation_asked", 1},
                      {"input_epsilon", off},
                      {"input_epsilon_asked", task.options.epsilon},
                      {"layers", found_clusters}};
  found.promise = promised(task, cluster_bound(task.wide, task.trace, task.edges, bases, units));
  return found;
}

}  // namespace graphsieve
