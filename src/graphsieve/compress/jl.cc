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
#include "graphsieve/compress/jl.h"
#include "graphsieve/compress/jl_matrix.h"
#include "graphsieve/files/json_number.h"

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

/// Returns the largest factor between a layer's attention and equal attention of all in-edges of each node: a bound of
/// a/â that is not smaller says no more than "leave the scores out".
double ratio_of_equal_attention(const Tensor& scores, const LayerEdges& edges) {
  const Tensor degree = edges.edges.row_start.diff();
  const Tensor of_edge = at::repeat_interleave(degree.to(at::kDouble), degree).unsqueeze(1);
  const Tensor ratio = scores.clamp_min(1e-300) * of_edge;
  return ratio.numel() == 0 ? 1 : std::max(ratio.max().item<double>(), 1 / ratio.min().item<double>());
}

}  // namespace

double different_pairs(const LayerMaps& wide, const LayerEdges& edges, int64_t distinct) {
  const auto rows = static_cast<double>(distinct), maps = static_cast<double>(wide.query.size(1));
  return std::min(static_cast<double>(edges.edges.index.numel()), rows * rows * maps);
}

LayerMaps with_jl_logits(const CompressTask& task, size_t layer, int64_t width) {
  const CompressOptions& o = task.options;
  const LayerMaps& wide = task.wide.layers[layer];
  const Tensor& h = task.trace.layers[layer].input;
  const EdgePairs sample = sample_edges(task.edges[layer], kEdgesTried, random_key(o.seed, Stream::kCompress, layer));
  const Tensor exact = edge_logits(wide, h, sample);
  LayerMaps best = wide;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t t = 0; t < o.tries; ++t) {
    std::vector<Tensor> m;
    for (int64_t head = 0; head < wide.heads(); ++head)
      m.push_back(jl_matrix(width, wide.key.size(1), o.matrix == "sign",
                            random_key(o.seed, Stream::kCompress, layer, t, head)));
    const LayerMaps tried = through(wide, at::stack(m));
    const double error = (edge_logits(tried, h, sample) - exact).abs().max().item<double>();
    if (error < least) least = error, best = tried;
  }
  return best;
}

/// Tries matrices for each layer and keeps the best by a sample of the edges, then measures the chosen ones on all
/// edges and reports the width that the theorem asks for. The theorem bounds all different dot products together, of
/// every layer and head; these are the `pairs`.
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
    found.maps.layers[l] = with_jl_logits(task, l, d);
    const Tensor& h = task.trace.layers[l].input;
    const int64_t distinct = distinct_rows(h);
    const double different = different_pairs(wide, task.edges[l], distinct);
    pairs += different * static_cast<double>(heads);
    const LogitErrors errors = logit_errors(wide, found.maps.layers[l], h, task.edges[l]);
    layers.push_back(
        {{"layer", l},
         {"distinct_inputs", distinct},
         {"different_pairs_per_head", different},
         {"mean_square_logit_error", errors.mean_square},
         {"largest_logit_error", errors.largest},
         {"largest_relative_error", errors.largest_relative},
         {"edges", task.edges[l].edges.index.numel()},
         {"ratio_of_equal_attention", ratio_of_equal_attention(task.trace.layers[l].scores, task.edges[l])}});
  }
  const auto given = static_cast<double>(o.width / task.wide.layers[0].heads());
  const double asked = jl_width(pairs, o.epsilon), reached = jl_epsilon(pairs, given);
  const bool holds = asked <= given;
  found.assumption = {{"holds", holds},
                      {"width_per_head", given},
                      {"width_asked_per_head", asked},
                      {"bounded", json_of(constants_of(task.wide, task.trace))}};
  // The bounds hold with a probability above 0, so that some choice of matrices reaches them.
  const NetworkBound bound = dot_product_bound(task.wide, task.trace, task.edges, o.epsilon);
  found.promise = promised(task, bound);
  bool useless = false;
  for (size_t l = 0; l < layers.size(); ++l) {
    const double ratio = std::exp(2 * bound.logits[l]);
    layers[l]["attention_ratio_bound"] = json_number(ratio);
    layers[l]["vacuous"] = !(ratio < layers[l]["ratio_of_equal_attention"].get<double>());
    useless = useless || layers[l]["vacuous"].get<bool>();
  }
  found.promise.update({{"epsilon", o.epsilon},
                        {"epsilon_of_this_width", reached > 0 ? Json(reached) : Json(nullptr)},
                        {"pairs", pairs},
                        {"vacuous", !holds || useless || found.promise["vacuous"].get<bool>()},
                        {"chance_of_one_pair_failing",
                         std::min(1.0, 4 * std::exp(-given * (std::pow(o.epsilon, 2) - std::pow(o.epsilon, 3)) / 4))},
                        {"layers", layers}});
  return found;
}

}  // namespace graphsieve
