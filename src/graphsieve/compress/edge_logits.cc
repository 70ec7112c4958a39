// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/edge_logits.h"

#include <torch/torch.h>

#include <algorithm>

#include "graphsieve/base/random.h"

namespace graphsieve {

using at::Tensor;

EdgePairs sample_edges(const LayerEdges& layer, int64_t most, uint64_t key) {
  const int64_t edges = layer.edges.index.numel(), count = std::min(edges, most);
  Tensor picked = at::empty({count}, at::kLong);
  int64_t* to = picked.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {  // one edge from each of `count` stretches
    const int64_t begin = i * edges / count, end = (i + 1) * edges / count;
    to[i] = begin + static_cast<int64_t>(uniform_below(random_key(key, i), static_cast<uint64_t>(end - begin)));
  }
  const Tensor row_of = at::searchsorted(layer.edges.row_start, picked, false, true) - 1;
  return {layer.edges.index.index_select(0, picked).to(at::kLong), row_of,
          layer.edges.type.index_select(0, picked).to(at::kLong)};
}

std::pair<Tensor, Tensor> edge_queries_keys(const LayerMaps& m, const Tensor& h, const EdgePairs& pairs) {
  const int64_t heads = m.heads(), maps = m.query.size(1), key = m.key.size(1), width = h.size(1);
  const int64_t n = h.size(0), edges = pairs.source.size(0);
  const Tensor q = at::linear(h, m.query.reshape({-1, width}), m.query_bias.reshape({-1})).view({n, heads, maps, key});
  const Tensor k = at::linear(h, m.key.reshape({-1, width}), m.key_bias.reshape({-1})).view({n, heads, key});
  // Each edge takes the query map of its type; with a single map, all edges take that map.
  const Tensor all = q.index_select(0, pairs.destination);  // [edges, heads, maps, key]
  const Tensor map = maps == 1 ? at::zeros_like(pairs.type) : pairs.type;
  const Tensor of_type = all.gather(2, map.view({edges, 1, 1, 1}).expand({edges, heads, 1, key})).squeeze(2);
  return {of_type, k.index_select(0, pairs.source)};
}

Tensor edge_logits(const LayerMaps& m, const Tensor& h, const EdgePairs& pairs) {
  const auto [q, k] = edge_queries_keys(m, h, pairs);
  return (q * k).sum(2) + m.type_bias.index_select(0, pairs.type);
}

LogitErrors logit_errors(const LayerMaps& wide, const LayerMaps& narrow, const Tensor& h, const LayerEdges& edges) {
  constexpr int64_t kAtOnce = 1 << 15;
  const Tensor row = at::repeat_interleave(edges.edges.row_start.diff());
  const int64_t all = edges.edges.index.numel();
  LogitErrors found;
  double sum = 0;
  for (int64_t first = 0; first < all; first += kAtOnce) {
    const int64_t last = std::min(all, first + kAtOnce);
    const EdgePairs pairs = {edges.edges.index.slice(0, first, last).to(at::kLong), row.slice(0, first, last),
                             edges.edges.type.slice(0, first, last).to(at::kLong)};
    const auto [q, k] = edge_queries_keys(wide, h, pairs);
    const Tensor error = (edge_logits(narrow, h, pairs) - edge_logits(wide, h, pairs)).abs();
    const Tensor size = (q.norm(2, {2}) * k.norm(2, {2})).clamp_min(1e-300);
    sum += error.square().sum().item<double>();
    found.largest = std::max(found.largest, error.max().item<double>());
    found.largest_relative = std::max(found.largest_relative, (error / size).max().item<double>());
  }
  if (all > 0) found.mean_square = sum / static_cast<double>(all * wide.heads());
  return found;
}

}  // namespace graphsieve
