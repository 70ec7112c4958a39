// SPDX-License-Identifier: Apache-2.0
// expand_block: edges per second, from half of the nodes and k = 10 edges each, every second node a destination;
// against the version through ordered maps, which is also the check.
#include <numeric>

#include "common/bench_main.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/ops/expand_block/expand_block_kernel.h"

namespace {

using namespace graphsieve;
using namespace graphsieve::bench;

constexpr int64_t kEdgesPerNode = 10;

struct Block {
  explicit Block(int64_t d)
      : sources(d * (kEdgesPerNode + 1)),
        row_start(d + 1),
        index(d * kEdgesPerNode),
        type(index.size()),
        t_row_start(sources.size() + 1),
        t_index(index.size()),
        t_type(index.size()) {}
  kernels::ExpandedBlock view() {
    return {sources.data(),     row_start.data(), index.data(), type.data(),
            t_row_start.data(), t_index.data(),   t_type.data()};
  }
  bool operator==(const Block&) const = default;

  std::vector<int32_t> sources;
  std::vector<int64_t> row_start;
  std::vector<int32_t> index;
  std::vector<uint8_t> type;
  std::vector<int64_t> t_row_start;
  std::vector<int32_t> t_index;
  std::vector<uint8_t> t_type;
};

void measure(const BenchGraph& graph, const BenchOptions& options) {
  const auto edges = graph.edges();
  std::vector<int32_t> destinations, drawn;
  std::vector<uint8_t> type;
  for (int32_t i = 0; i < edges.rows; i += 2) {
    const int64_t begin = edges.row_start[i], degree = edges.row_start[i + 1] - begin;
    destinations.push_back(i);
    for (int64_t x = 0; x < kEdgesPerNode; ++x) {
      const int64_t e = begin + (degree > 0 ? static_cast<int64_t>(uniform_below(random_key(13, i, x), degree)) : 0);
      drawn.push_back(degree > 0 ? edges.index[e] : -1);
      type.push_back(degree > 0 ? edges.type[e] : 0);
    }
  }
  std::vector<int32_t> local(edges.rows, -1);
  const auto d = static_cast<int64_t>(destinations.size());
  const kernels::ExpandBlockArgs args{destinations.data(), d, kEdgesPerNode, drawn.data(), type.data(), local.data()};
  Block ours(d), expected(d);
  if (kernels::expand_block(args, ours.view()) != kernels::expand_block_reference(args, expected.view()) ||
      ours != expected)
    throw Error("the block differs from the reference's");
  const auto seconds = interleaved_medians(
      options.repeats_for(d * kEdgesPerNode), [&] { kernels::expand_block(args, ours.view()); },
      [&] { kernels::expand_block_reference(args, expected.view()); });
  Line()
      .text("graph", graph.name)
      .number("edges", static_cast<double>(d * kEdgesPerNode))
      .number("ms", seconds[0] * 1e3)
      .number("reference_ms", seconds[1] * 1e3)
      .number("million_edges_per_second", static_cast<double>(d * kEdgesPerNode) / seconds[0] / 1e6)
      .print(options.json);
}

}  // namespace

int main(int argc, char** argv) { return bench_main(argc, argv, measure); }
