// SPDX-License-Identifier: Apache-2.0
// Proposition 4.1: all maps become d × d without any error, if the vectors at every place span at most d dimensions.
// The places are the inputs of the layers and the units after each activation; with skip connections also the vectors
// between attention and FFN.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/method.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {

using Json = nlohmann::json;

Compression compress_exact(const CompressTask& task) {
  const int64_t d = task.options.width;
  Json ranks = Json::array();
  std::string too_wide;
  int64_t largest = 0;
  const auto rank_at = [&](const char* place, size_t layer, const at::Tensor& x) {
    const int64_t rank = spectrum(x).rank();
    ranks.push_back({{"place", place}, {"layer", layer}, {"rank", rank}});
    largest = std::max(largest, rank);
    if (rank > d && too_wide.empty()) too_wide = str(place, " of layer ", layer, " has rank ", rank);
    return rank;
  };
  Bases bases = principal_bases(task.trace, d);
  for (size_t l = 0; l < task.trace.layers.size(); ++l) {
    const LayerTrace& layer = task.trace.layers[l];
    rank_at("input", l, layer.input);
    rank_at("mid", l, layer.mid);
    const int64_t rank = rank_at("units", l, layer.units);
    if (rank > d) continue;  // the error at the end names the place
    bases.units[l].picked = pivot_columns(layer.units, std::min(d, layer.units.size(1)));
    bases.units[l].lift = lift_of(layer.units, bases.units[l].picked);
  }
  rank_at("output", task.trace.layers.size() - 1, task.trace.last);
  if (!too_wide.empty())
    throw Error("exact: the ", too_wide, ", above the width ", d, "; the largest rank is ", largest,
                ", from there on the compression is exact. low-rank and fitted take any width");
  Compression found;
  found.maps = carried(task.wide, bases);
  found.assumption = {{"holds", true}, {"rank_tolerance", kRankTolerance}, {"ranks", ranks}, {"largest_rank", largest}};
  found.promise = {{"output_error", 0}, {"attention_ratio", 1}, {"vacuous", false}};
  return found;
}

}  // namespace graphsieve
