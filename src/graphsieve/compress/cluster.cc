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

}  // namespace

Clusters clusters_of(const Tensor& x, int64_t count) {
  // The first centre is the longest row. More centres are added as long as a row lies off all centres.
  std::vector<int64_t> first = {x.square().sum(1).argmax().item<int64_t>()};
  Tensor nearest = squared_distances(x, x.narrow(0, first[0], 1)).select(1, 0);
  const double nothing = 1e-24 * std::max(1.0, x.square().sum(1).max().item<double>());
  while (static_cast<int64_t>(first.size()) < count && nearest.max().item<double>() > nothing) {
    first.push_back(nearest.argmax().item<int64_t>());
    nearest = at::minimum(nearest, squared_distances(x, x.narrow(0, first.back(), 1)).select(1, 0));
  }
  Clusters found;
  found.centre = x.index_select(0, at::tensor(first, at::kLong)).clone();
  const int64_t clusters = found.centre.size(0);
  for (int step = 0; step < kLloydSteps; ++step) {
    const Tensor member = squared_distances(x, found.centre).argmin(1);
    if (found.member_of.defined() && at::equal(member, found.member_of)) break;
    found.member_of = member;
    const Tensor size = at::bincount(member, {}, clusters).to(at::kDouble).unsqueeze(1);
    const Tensor sum = at::zeros_like(found.centre).index_add(0, member, x);
    found.centre = at::where(size > 0, sum / size.clamp_min(1), found.centre);
  }
  const Tensor length = found.centre.norm(2, {1});
  found.shortest = length.min().item<double>();
  found.longest = length.max().item<double>();
  const Tensor off = (x - found.centre.index_select(0, found.member_of)).norm(2, {1});
  found.radius = (off / length.index_select(0, found.member_of)).max().item<double>();
  if (clusters > 1) {
    const Tensor products = found.centre.mm(found.centre.t());
    products.diagonal().fill_(-std::numeric_limits<double>::infinity());
    found.separation = products.max().item<double>() / (found.shortest * found.shortest / 2);
  }
  return found;
}

/// Returns at most `most` clusters of the rows of x. Tries decreasing numbers of clusters, down to the first number
/// that stays separated, and returns the clusters that come closest to the assumptions of the theorem.
Clusters best_clusters(const Tensor& x, int64_t most) {
  Clusters best;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t count = most; count >= 1; --count) {
    const Clusters tried = clusters_of(x, count);
    const double off = std::max(tried.radius / kSmallRadius, tried.separation);
    if (off < least) least = off, best = tried;
    if (tried.separation <= 1) break;  // fewer clusters would only have larger radii
  }
  return best;
}

/// Every layer's clusters give a basis of mid (the span of the centres) and of the layer's output (the span of the
/// images). Afterwards the hidden layers are replaced: unit c is relu(4 h·c / ‖c‖² − 3), which is 1 at its own centre
/// and 0 at well separated centres, and the map behind the units has the images as columns. The skip path around the
/// FFN becomes zero, since the images include what passes there.
Compression compress_cluster(const CompressTask& task) {
  const int64_t d = task.options.width;
  const size_t layers = task.wide.layers.size();
  Bases bases = principal_bases(task.trace, d);
  std::vector<Clusters> clusters;
  std::vector<Tensor> images;
  Json found_clusters = Json::array();
  bool holds = true;
  double radius = 0;
  for (size_t l = 0; l < layers; ++l) {
    const LayerMaps& m = task.wide.layers[l];
    clusters.push_back(best_clusters(task.trace.layers[l].mid, d));
    const Clusters& c = clusters.back();
    images.push_back(at::linear(m.ffn_in(c.centre).relu(), m.ffn_out) + m.ffn_skip(c.centre));
    bases.mid[l] = span_of(c.centre, d);
    bases.stream[l + 1] = span_of(images.back(), d);
    const bool layer_holds = c.radius <= kSmallRadius && c.separation <= 1 && c.shortest > 0;
    holds = holds && layer_holds;
    radius = std::max(radius, c.radius);
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
    m.ffn_out = padded(images[l].mm(bases.stream[l + 1])).t().contiguous();
    m.ffn_skip = {at::zeros({d, d}, at::kDouble), at::zeros({d}, at::kDouble)};
  }
  const Tensor& first = task.trace.layers[0].input;
  const double off = distances(first, bases.stream[0]).max().item<double>();
  holds = holds && off <= task.options.epsilon;
  const Constants c = constants_of(task.wide, task.trace);
  found.assumption = {{"holds", holds},
                      {"radius_asked", kSmallRadius},
                      {"separation_asked", 1},
                      {"input_epsilon", off},
                      {"input_epsilon_asked", task.options.epsilon},
                      {"layers", found_clusters}};
  found.promise = propagated(task, c, std::max(radius * std::sqrt(c.alpha), off));
  if (!holds) found.promise["vacuous"] = true;
  return found;
}

}  // namespace graphsieve
