// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/batches.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/base/random.h"
#include "graphsieve/ops/expand_block/expand_block.h"

namespace graphsieve {

using at::Tensor;

namespace {

/// Returns an int32 tensor with a copy of `count` ids.
Tensor int_tensor(const int32_t* from, int64_t count) {
  Tensor t = at::empty({count}, at::kInt);
  std::copy_n(from, count, t.mutable_data_ptr<int32_t>());
  return t;
}

}  // namespace

std::vector<Tensor> batch_nodes(const std::vector<int32_t>& train, int64_t size, uint64_t seed, int64_t epoch) {
  const int64_t count = static_cast<int64_t>(train.size());
  if (size <= 0 || size >= count) return {int_tensor(train.data(), count)};
  const uint64_t key = random_key(seed, Stream::kBatchOrder, epoch);
  // Each node gets a random key, and the order of the keys is the order of the nodes.
  std::vector<std::pair<uint64_t, int32_t>> order;
  order.reserve(train.size());
  for (int32_t node : train) order.emplace_back(random_key(key, node), node);
  std::sort(order.begin(), order.end());
  std::vector<int32_t> nodes;
  nodes.reserve(train.size());
  for (const auto& entry : order) nodes.push_back(entry.second);
  std::vector<Tensor> batches;
  for (int64_t begin = 0; begin < count;) {
    int64_t end = std::min(count, begin + size);
    if (count - end == 1) end = count;  // no last batch of a single node
    batches.push_back(int_tensor(nodes.data() + begin, end - begin));
    begin = end;
  }
  return batches;
}

NetworkInput expand_batch(const Tensor& nodes, int64_t layers, const DrawLayer& draw, const Tensor& local) {
  NetworkInput input;
  input.layers.resize(layers);
  // From the last layer down: the sources of a layer's drawn edges are the destinations of the layer below.
  Tensor destinations = nodes;
  for (int64_t l = layers - 1; l >= 0; --l) {
    const LayerSample sample = draw(l, destinations);
    auto [sources, count, row_start, index, type, t_row_start, t_index, t_type] =
        ops::expand_block(destinations, sample.index, sample.type, local);
    const int64_t source_count = count.item<int64_t>();
    LayerEdges& layer = input.layers[l];
    layer.destinations = destinations.size(0);
    // The layer has the drawn edges in their order, without the entries −1 of rows with fewer than k edges. The
    // positions are taken over in the same way.
    if (sample.position.defined()) {
      const Tensor drawn = sample.position.view({-1});
      const bool all = row_start.is_cpu() && row_start[layer.destinations].item<int64_t>() == drawn.size(0);
      layer.position = all ? drawn : drawn.masked_select(drawn >= 0);
    }
    layer.edges = {row_start, index, type, t_row_start.narrow(0, 0, source_count + 1), t_index, t_type};
    // The weights are as long as the edge arrays, which have unused room at their end if some rows are short.
    if (sample.log_weight.defined()) {
      const Tensor drawn = sample.log_weight.masked_select(sample.index >= 0);
      layer.edges.log_weight = at::constant_pad_nd(drawn, {0, index.numel() - drawn.numel()});
    }
    destinations = sources.narrow(0, 0, source_count);
  }
  input.rows = destinations;
  return input;
}

}  // namespace graphsieve
