// SPDX-License-Identifier: Apache-2.0
// Theorem 3.3: queries and keys are multiplied by a Johnson-Lindenstrauss matrix M per layer and head, so that
// (M q)·(M k) ≈ q·k. The residual stream keeps its width. Of `tries` random choices, the one whose largest error of a
// logit is smallest is kept.
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/bounds.h"
#include "graphsieve/compress/edge_logits.h"
#include "graphsieve/compress/jl_matrix.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int64_t kEdgesTried = 20000;  ///< number of edges whose logits decide between matrices

/// Returns the layer's maps with queries and keys multiplied by m.
LayerMaps through(const LayerMaps& wide, const Tensor& m) {  // m [heads, d, key]
  LayerMaps to = wide;
  to.query = at::matmul(m.unsqueeze(1), wide.query);
  to.query_bias = at::matmul(m.unsqueeze(1), wide.query_bias.unsqueeze(3)).squeeze(3);
  to.key = at::matmul(m, wide.key);
  to.key_bias = at::matmul(m, wide.key_bias.unsqueeze(2)).squeeze(2);
  return to;
}

}  // namespace

/// Tries matrices for each layer and keeps the best, then reports the width that the theorem asks for. The theorem
/// bounds all dot products together, one per edge and head of every layer; these are the `pairs`.
Compression compress_jl(const CompressTask& task) {
  const CompressOptions& o = task.options;
  Compression found;
  found.maps = task.wide;
  found.attention_alone = true;
  Json layers = Json::array();
  double pairs = 0;
  for (size_t l = 0; l < task.wide.layers.size(); ++l) {
    const LayerMaps& wide = task.wide.layers[l];
    const int64_t heads = wide.heads(), key = wide.key.size(1), d = o.width / heads;
    if (o.width % heads != 0)
      throw Error("width is ", o.width, "; expected a multiple of the network's ", heads, " heads");
    if (d >= key)
      throw Error("width is ", o.width, ", the network's queries and keys have ", heads * key, "; expected less");
    const Tensor& h = task.trace.layers[l].input;
    const EdgePairs sample = sample_edges(task.edges[l], kEdgesTried, random_key(o.seed, Stream::kCompress, l));
    const Tensor exact = edge_logits(wide, h, sample);
    double best = std::numeric_limits<double>::infinity();
    for (int64_t t = 0; t < o.tries; ++t) {
      std::vector<Tensor> m;
      for (int64_t head = 0; head < heads; ++head)
        m.push_back(jl_matrix(d, key, o.matrix == "sign", random_key(o.seed, Stream::kCompress, l, t, head)));
      const LayerMaps tried = through(wide, at::stack(m));
      const double error = (edge_logits(tried, h, sample) - exact).abs().max().item<double>();
      if (error >= best) continue;
      best = error;
      found.maps.layers[l] = tried;
    }
    const auto edges = static_cast<double>(task.edges[l].edges.index.numel());
    pairs += edges * static_cast<double>(heads);
    const Tensor errors = edge_logits(found.maps.layers[l], h, sample) - exact;
    layers.push_back({{"layer", l},
                      {"distinct_inputs", distinct_rows(h)},
                      {"mean_square_logit_error", errors.square().mean().item<double>()},
                      {"largest_logit_error", best},
                      {"largest_relative_error", relative_logit_error(wide, found.maps.layers[l], h, sample)},
                      {"edges_looked_at", sample.source.size(0)}});
  }
  const double asked = jl_width(pairs, o.epsilon);
  const int64_t key = task.wide.layers[0].key.size(1);
  found.assumption = {{"holds", true}, {"bounded", json_of(constants_of(task.wide, task.trace))}};
  found.promise = {{"epsilon", o.epsilon},
                   {"pairs", pairs},
                   {"width_per_head", o.width / task.wide.layers[0].heads()},
                   {"width_asked_per_head", asked},
                   {"vacuous", asked > static_cast<double>(key)},
                   {"chance_of_one_pair_failing",
                    std::min(1.0, 4 * std::exp(-static_cast<double>(o.width / task.wide.layers[0].heads()) *
                                               (std::pow(o.epsilon, 2) - std::pow(o.epsilon, 3)) / 4))},
                   {"layers", layers}};
  return found;
}

}  // namespace graphsieve
