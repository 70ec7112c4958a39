// SPDX-License-Identifier: Apache-2.0
// reservoir_sample: edges looked at per second by the weighted draw, k = 10 and k = 5. The weights are random and sum
// to 1 in each row. Every drawn edge is checked against the reference first.
#include "common/bench_main.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace {

using namespace graphsieve;
using namespace graphsieve::bench;

std::vector<float> random_scores(const kernels::TypedEdges& edges) {
  std::vector<float> score(edges.row_start[edges.rows]);
  for (int64_t i = 0; i < edges.rows; ++i) {
    double sum = 0;
    for (int64_t e = edges.row_start[i]; e < edges.row_start[i + 1]; ++e) sum += uniform(random_key(11, e));
    for (int64_t e = edges.row_start[i]; e < edges.row_start[i + 1]; ++e)
      score[e] = static_cast<float>(uniform(random_key(11, e)) / sum);
  }
  return score;
}

void measure_k(const BenchGraph& graph, const std::vector<float>& score, int64_t k, const BenchOptions& options) {
  const auto edges = graph.edges();
  const int64_t m = graph.by_destination.edges();
  kernels::ReservoirArgs args{edges.row_start,
                              edges.index,
                              edges.type,
                              score.data(),
                              nullptr,
                              edges.rows,
                              m,
                              k,
                              kernels::SampleRule::kWeighted,
                              random_key(12, k)};
  std::vector<int32_t> index(edges.rows * k), expected_index(index.size());
  std::vector<int32_t> position(index.size()), expected_position(index.size());
  kernels::reservoir_sample_reference(args, expected_index.data(), expected_position.data());
  kernels::reservoir_sample(args, index.data(), position.data());
  if (index != expected_index || position != expected_position)
    throw Error("k = ", k, ": the draw differs from the reference's");
  const auto seconds = interleaved_medians(options.repeats_for(m), [&] {
    ++args.key;  // another draw every time
    kernels::reservoir_sample(args, index.data(), position.data());
  });
  Line()
      .text("graph", graph.name)
      .number("k", static_cast<double>(k))
      .number("edges", static_cast<double>(m))
      .number("threads", options.threads)
      .number("ms", seconds[0] * 1e3)
      .number("million_edges_per_second", static_cast<double>(m) / seconds[0] / 1e6)
      .print(options.json);
}

void measure(const BenchGraph& graph, const BenchOptions& options) {
  const auto score = random_scores(graph.edges());
  for (const int64_t k : {10, 5}) measure_k(graph, score, k, options);
}

}  // namespace

int main(int argc, char** argv) { return bench_main(argc, argv, measure); }
