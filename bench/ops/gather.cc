// SPDX-License-Identifier: Apache-2.0
// The bare gather alone: K and V of every edge's source, 2 x 64 float32 packed in one row, on huge pages, fetched
// ahead. A yardstick of a core and its memory: what was timed on another machine is scaled by it.
#include "common/bare_gather.h"
#include "common/bench_main.h"

namespace {

using namespace graphsieve::bench;

constexpr int64_t kRowFloats = 128;

void measure(const BenchGraph& graph, const BenchOptions& options) {
  const auto edges = graph.edges();
  const int64_t m = graph.by_destination.edges();
  HugeArray<float> rows(edges.rows * kRowFloats);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i);
  const auto seconds = interleaved_medians(
      options.repeats_for(m), [&] { bare_gather(rows.data(), kRowFloats * sizeof(float), edges.index, m); });
  Line()
      .text("graph", graph.name)
      .number("nodes", static_cast<double>(edges.rows))
      .number("edges", static_cast<double>(m))
      .number("gather_ms", seconds[0] * 1e3)
      .print(options.json);
}

}  // namespace

int main(int argc, char** argv) { return bench_main(argc, argv, measure); }
