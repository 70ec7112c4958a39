// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/attention_kept.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve {
namespace {

constexpr int64_t kDestinationBlocks = 128;  ///< most blocks of destinations
constexpr int kTypes = 256;

/// The sums over a block of destinations.
struct Block {
  double destinations = 0;
  std::vector<TypeKept> types = std::vector<TypeKept>(kTypes);
  std::vector<double> drawn, heaviest;
};

/// Adds the destinations of one layer to a block.
class Layer {
 public:
  Layer(const kernels::ReservoirArgs& args, const float* score, int64_t k, int64_t most)
      : args_(args), score_(score), k_(k), most_(most) {}

  void add(int32_t node, Block& to) {
    begin_ = args_.row_start[node];
    count_ = args_.row_start[node + 1] - begin_;
    // Shares of a sum of 0 are not defined, so a destination whose scores are all 0 is not counted.
    double sum = 0;
    for (int64_t e = begin_; e < begin_ + count_; ++e) sum += score_[e];
    if (sum <= 0) return;
    ++to.destinations;
    by_draw(node);
    for (int64_t x = 0; x < count_; ++x) {
      const int64_t e = keys_[x].second;
      TypeKept& type = to.types[args_.type[e]];
      const double share = score_[e] / sum;
      ++type.edges, type.mass += share;
      if (x < k_) ++type.kept, type.kept_mass += share;
      if (x < most_) to.drawn[x] += share;
    }
    shares_.assign(score_ + begin_, score_ + begin_ + count_);
    std::sort(shares_.begin(), shares_.end(), std::greater<>());
    for (int64_t x = 0; x < std::min(most_, count_); ++x) to.heaviest[x] += shares_[x] / sum;
  }

 private:
  /// Sorts the row's edges into the order in which draws of growing k keep them: the keys of a draw do not depend on k,
  /// so a draw of k keeps the k smallest.
  void by_draw(int32_t node) {
    const uint64_t row_key = random_key(args_.key, node);
    keys_.clear();
    for (int64_t e = begin_; e < begin_ + count_; ++e)
      keys_.emplace_back(kernels::sampling_key(args_, begin_, e, row_key, 0), e);
    std::sort(keys_.begin(), keys_.end());
  }

  const kernels::ReservoirArgs& args_;
  const float* score_;
  const int64_t k_, most_;
  int64_t begin_ = 0, count_ = 0;
  std::vector<std::pair<float, int64_t>> keys_;
  std::vector<float> shares_;
};

/// Returns the sum of one member over the types, divided by the sum of another; 1 if the latter is 0.
template <class Member>
double share_of(const std::vector<TypeKept>& types, Member kept, Member all) {
  double part = 0, whole = 0;
  for (const TypeKept& t : types) part += static_cast<double>(t.*kept), whole += static_cast<double>(t.*all);
  return whole > 0 ? part / whole : 1;
}

}  // namespace

double AttentionKept::kept_edges() const { return share_of(types, &TypeKept::kept, &TypeKept::edges); }
double AttentionKept::kept_mass() const { return share_of(types, &TypeKept::kept_mass, &TypeKept::mass); }

AttentionKept attention_kept(const ops::AttentionEdges& edges, const at::Tensor& scores,
                             const std::vector<int32_t>& destinations, int64_t k, int64_t most, const Sampler& sampler,
                             const DrawKey& key) {
  const float* score = scores.const_data_ptr<float>();
  const kernels::ReservoirArgs args{edges.row_start.const_data_ptr<int64_t>(),
                                    edges.index.const_data_ptr<int32_t>(),
                                    edges.type.const_data_ptr<uint8_t>(),
                                    score,
                                    nullptr,
                                    edges.row_start.numel() - 1,
                                    edges.index.numel(),
                                    k,
                                    sampler.rule,
                                    key.random(sampler)};
  // The number of blocks is fixed and the blocks are added in order, so the sums do not depend on the number of
  // threads.
  const auto count = static_cast<int64_t>(destinations.size()),
             size = (count + kDestinationBlocks - 1) / kDestinationBlocks;
  std::vector<Block> blocks(kDestinationBlocks);
  parallel_for(kDestinationBlocks, [&](int64_t b) {
    blocks[b].drawn.assign(most, 0), blocks[b].heaviest.assign(most, 0);
    Layer row(args, score, k, most);
    for (int64_t i = std::min(count, b * size); i < std::min(count, (b + 1) * size); ++i)
      row.add(destinations[i], blocks[b]);
  });
  AttentionKept sum{std::vector<TypeKept>(kTypes), std::vector<double>(most, 0), std::vector<double>(most, 0)};
  double nodes = 0;
  for (const Block& b : blocks) {
    nodes += b.destinations;
    for (int t = 0; t < kTypes; ++t) {
      sum.types[t].edges += b.types[t].edges, sum.types[t].kept += b.types[t].kept;
      sum.types[t].mass += b.types[t].mass, sum.types[t].kept_mass += b.types[t].kept_mass;
    }
    for (int64_t x = 0; x < most; ++x) sum.drawn[x] += b.drawn[x], sum.heaviest[x] += b.heaviest[x];
  }
  if (nodes == 0) nodes = 1;
  for (TypeKept& t : sum.types) t.mass /= nodes, t.kept_mass /= nodes;
  // The entries so far are the shares of the single edges; their running sum is the curve.
  for (auto* curve : {&sum.drawn, &sum.heaviest})
    for (int64_t x = 0; x < most; ++x) (*curve)[x] = (*curve)[x] / nodes + (x > 0 ? (*curve)[x - 1] : 0);
  while (!sum.types.empty() && sum.types.back().edges == 0) sum.types.pop_back();
  return sum;
}

std::string edge_type_name(int type, const std::vector<std::string>& data_types) {
  const bool data_has_types = data_types.size() > 1;
  if (type == kExpanderEdge) return "expander";
  if (type == kSelfLoop) return "self loop";
  if (type == kGraphEdge) return data_has_types ? data_types[0] : "graph";
  const auto at = static_cast<size_t>(type - kFirstUserType + 1);
  return at < data_types.size() ? data_types[at] : str("type ", type);
}

}  // namespace graphsieve
