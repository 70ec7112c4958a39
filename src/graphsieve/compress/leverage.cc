// SPDX-License-Identifier: Apache-2.0
// Proposition 4.3: like the method `low-rank`, and in addition only k of the units after each activation stay. The
// units are drawn by their leverage scores; the other units follow from the drawn units by least squares on the d
// leading directions. Of `tries` draws the best is kept.
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/leverage.h"
#include "graphsieve/compress/low_rank.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr double kShare = 0.99;  ///< share of the nodes that the error bound is for
/// Multiples of ε for which the report has the share of nodes whose error is at most this multiple.
const std::vector<double> kFactors = {1, 1.5, 2, 3, 5, 10};

}  // namespace

int64_t leverage_count(int64_t d) {
  return std::max<int64_t>(1,
                           static_cast<int64_t>(std::ceil(static_cast<double>(d) * std::log(static_cast<double>(d)))));
}

Units leverage_units(const Spectrum& of_units, int64_t d, int64_t k, uint64_t key) {
  const Tensor a = of_units.leading(d);  // [f, d]
  const Tensor score = a.square().sum(1), chance = score / score.sum();
  const Tensor ends = chance.cumsum(0);
  const int64_t f = a.size(0);
  std::vector<double> weight(f, 0);
  for (int64_t draw = 0; draw < k; ++draw) {
    const double u = uniform(random_key(key, draw)) * ends[f - 1].item<double>();
    const int64_t i = std::min(at::searchsorted(ends, at::scalar_tensor(u, at::kDouble)).item<int64_t>(), f - 1);
    weight[i] += 1 / (static_cast<double>(k) * chance[i].item<double>());
  }
  std::vector<int64_t> picked;
  for (int64_t i = 0; i < f; ++i)
    if (weight[i] > 0) picked.push_back(i);
  const int64_t distinct = static_cast<int64_t>(picked.size());
  picked.resize(k, 0);  // a unit that was drawn again has the sum of its weights; its further places pick unit 0
  Units units;
  units.picked = at::tensor(picked, at::kLong);
  const Tensor picked_units = units.picked.narrow(0, 0, distinct);
  // The square roots of the weights are the scales in S.
  const Tensor root = at::tensor(weight, at::kDouble).index_select(0, picked_units).sqrt().unsqueeze(1);
  const Tensor solve = at::linalg_pinv(root * a.index_select(0, picked_units));  // (SA)⁺ [d, distinct]
  units.lift = at::cat({a.mm(solve * root.t()), at::zeros({f, k - distinct}, at::kDouble)}, 1);
  return units;
}

/// Draws k units and 2k units for each layer; the draw of 2k units is only for the report, which shows how the error
/// falls. The best of several draws is the one whose error is smallest at the share kShare of the nodes.
Compression compress_leverage(const CompressTask& task) {
  const int64_t d = task.options.width, f = task.wide.layers[0].ffn_in.out();
  const int64_t k = task.options.units > 0 ? task.options.units : leverage_count(d);
  if (k >= f)
    throw Error("leverage: ", k, " units of a hidden layer are to stay, the network has ", f,
                "; expected a width d with d ln d below that, or ", option("units"));
  Compression found;
  double epsilon = 0;
  const Json places = rank_distances(task, epsilon);
  Bases bases = principal_bases(task.trace, d);
  Json layers = Json::array();
  bool holds = true;
  for (size_t l = 0; l < task.trace.layers.size(); ++l) {
    const Tensor& units = task.trace.layers[l].units;
    const Spectrum of_units = spectrum(units);
    const double off = distances(units, of_units.leading(d)).max().item<double>();
    Json counts = Json::array();
    for (const int64_t count : {k, 2 * k}) {
      if (count >= f) continue;
      Units best;
      double least = std::numeric_limits<double>::infinity();
      Tensor error;
      for (int64_t t = 0; t < task.options.tries; ++t) {
        const Units tried =
            leverage_units(of_units, d, count, random_key(task.options.seed, Stream::kCompress, l, count, t));
        const Tensor rebuilt = units.index_select(1, tried.picked).mm(tried.lift.t());
        const Tensor missed = (units - rebuilt).norm(2, {1});
        const double most = value_at_share(std::get<0>(missed.sort()), kShare);
        if (most >= least) continue;
        least = most, best = tried, error = missed;
      }
      if (count == k) bases.units[l] = best;
      Json shares = Json::array();
      for (const double c : kFactors)
        shares.push_back({{"factor", c}, {"share", error.le(c * off).to(at::kDouble).mean().item<double>()}});
      counts.push_back({{"units", count}, {"factor_at_99", off > 0 ? least / off : 0}, {"shares", shares}});
    }
    holds = holds && off <= task.options.epsilon;
    layers.push_back({{"layer", l}, {"epsilon", off}, {"draws", counts}});
  }
  found.maps = carried(task.wide, bases);
  found.assumption = {
      {"holds", holds}, {"epsilon_asked", task.options.epsilon}, {"epsilon", epsilon}, {"places", places}};
  found.promise = promised(task, carried_bound(task.wide, task.trace, task.edges, bases));
  found.promise.update({{"units", k}, {"share_of_nodes", kShare}, {"layers", layers}});
  return found;
}

}  // namespace graphsieve
