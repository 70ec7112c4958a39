// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/kept_mass.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve {
namespace {

constexpr int64_t kMassBlocks = 512;  ///< largest number of blocks of nodes; each block holds `most` sums

/// The sums over some nodes: the number of nodes, and the sums of the shares of their first, second, … kept edge.
struct BlockMass {
  double nodes = 0;
  std::vector<double> share;
};

/// Returns the sums over the nodes [first, last). The sampling keys of a row decide which edges a draw keeps: the k
/// edges of the smallest keys. Edge number k in the order of the keys is therefore the edge by which a draw of k edges
/// exceeds a draw of k − 1 edges.
BlockMass block_mass(const kernels::ReservoirArgs& a, const float* score, int64_t first, int64_t last) {
  BlockMass mass{0, std::vector<double>(a.k, 0)};
  std::vector<std::pair<float, int64_t>> keys;
  for (int64_t node = first; node < last; ++node) {
    const int64_t begin = a.row_start[node], end = a.row_start[node + 1];
    const uint64_t row_key = random_key(a.key, node);
    double sum = 0;
    keys.clear();
    for (int64_t e = begin; e < end; ++e) {
      sum += score[e];
      keys.emplace_back(kernels::sampling_key(a, begin, e, row_key, 0), e);
    }
    if (sum <= 0) continue;
    const int64_t kept = std::min(a.k, end - begin);
    if (kept < end - begin) std::nth_element(keys.begin(), keys.begin() + kept, keys.end());
    std::sort(keys.begin(), keys.begin() + kept);
    for (int64_t x = 0; x < kept; ++x) mass.share[x] += score[keys[x].second] / sum;
    ++mass.nodes;
  }
  return mass;
}

}  // namespace

std::vector<double> kept_mass(const ops::AttentionEdges& graph, const at::Tensor& scores, int64_t most,
                              const Sampler& sampler, const DrawKey& key) {
  const int64_t nodes = graph.row_start.numel() - 1, block = (nodes + kMassBlocks - 1) / kMassBlocks;
  const float* score = scores.const_data_ptr<float>();
  const kernels::ReservoirArgs args{graph.row_start.const_data_ptr<int64_t>(),
                                    graph.index.const_data_ptr<int32_t>(),
                                    graph.type.const_data_ptr<uint8_t>(),
                                    score,
                                    nullptr,
                                    nodes,
                                    graph.index.numel(),
                                    most,
                                    sampler.rule,
                                    key.random(sampler)};
  std::vector<BlockMass> blocks(kMassBlocks);
  parallel_for(kMassBlocks, [&](int64_t b) {
    blocks[b] = block_mass(args, score, std::min(nodes, b * block), std::min(nodes, (b + 1) * block));
  });
  // The blocks' sums are added in a fixed order. Adding up the shares of the first, second, … kept edge then gives the
  // kept mass for every k.
  double count = 0;
  std::vector<double> mass(most, 0);
  for (const BlockMass& b : blocks) {
    count += b.nodes;
    for (int64_t x = 0; x < most; ++x) mass[x] += b.share[x];
  }
  for (int64_t x = 1; x < most; ++x) mass[x] += mass[x - 1];
  for (double& m : mass) m = count > 0 ? m / count : 1;
  return mass;
}

}  // namespace graphsieve
