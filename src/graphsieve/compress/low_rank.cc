// SPDX-License-Identifier: Apache-2.0
// Theorem 4.2: all maps become d × d except the two around the activation. The vectors at every place are projected
// onto their d leading directions; ε is the largest distance of a vector from these directions.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/carry.h"
#include "graphsieve/compress/low_rank.h"
#include "graphsieve/compress/subspace.h"

namespace graphsieve {

using at::Tensor;
using Json = nlohmann::json;

Json rank_distances(const CompressTask& task, double& epsilon) {
  const int64_t d = task.options.width;
  Json places = Json::array();
  epsilon = 0;
  const auto look = [&](const char* place, size_t layer, const Tensor& x) {
    const Spectrum of_x = spectrum(x);
    const Tensor off = distances(x, of_x.leading(d)), length = x.norm(2, {1});
    const double most = off.max().item<double>();
    epsilon = std::max(epsilon, most);
    places.push_back({{"place", place},
                      {"layer", layer},
                      {"rank", of_x.rank()},
                      {"epsilon", most},
                      {"mean_distance", off.mean().item<double>()},
                      {"mean_length", length.mean().item<double>()},
                      {"width_within_epsilon", width_within(x, of_x, task.options.epsilon)}});
  };
  for (size_t l = 0; l < task.trace.layers.size(); ++l) {
    look("input", l, task.trace.layers[l].input);
    look("mid", l, task.trace.layers[l].mid);
    look("units", l, task.trace.layers[l].units);
  }
  look("output", task.trace.layers.size() - 1, task.trace.last);
  return places;
}

Compression compress_low_rank(const CompressTask& task) {
  Compression found;
  double epsilon = 0;
  const Json places = rank_distances(task, epsilon);
  const Bases bases = principal_bases(task.trace, task.options.width);
  found.maps = carried(task.wide, bases);
  found.assumption = {{"holds", epsilon <= task.options.epsilon},
                      {"epsilon_asked", task.options.epsilon},
                      {"epsilon", epsilon},
                      {"places", places}};
  found.promise = promised(task, carried_bound(task.wide, task.trace, task.edges, bases));
  found.promise["epsilon"] = epsilon;
  return found;
}

}  // namespace graphsieve
