// SPDX-License-Identifier: Apache-2.0
// gather_rows against torch's index_select: 110,000 rows of 100 numbers, as a batch of 1000 nodes with k = 10-10 reads
// them from 2.4 million.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "graphsieve/ops/gather_rows/gather_rows.h"

namespace {

constexpr int64_t kNodes = 2400000, kRows = 110000, kColumns = 100;

struct Picks {
  at::Tensor x = at::ones({kNodes, kColumns}), rows = at::randint(kNodes, {kRows}).to(at::kInt);
};

void ours(benchmark::State& state) {
  const Picks picks;
  for (auto _ : state) benchmark::DoNotOptimize(graphsieve::ops::gather_rows(picks.x, picks.rows));
  state.SetItemsProcessed(state.iterations() * kRows);
}

void torch_index_select(benchmark::State& state) {
  const Picks picks;
  for (auto _ : state) benchmark::DoNotOptimize(picks.x.index_select(0, picks.rows));
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(ours)->Unit(benchmark::kMillisecond);
BENCHMARK(torch_index_select)->Unit(benchmark::kMillisecond);

}  // namespace
