// SPDX-License-Identifier: Apache-2.0
// What the operator benchmarks share. Every benchmark checks its answer against the reference before it is timed.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "graphsieve/base/parallel.h"

namespace graphsieve::bench {

/// Uses `threads` of ours and of torch.
inline void use_threads(int64_t threads) {
  set_num_threads(static_cast<int>(threads));
  at::set_num_threads(static_cast<int>(threads));
}

/// False, and the benchmark marked as failed, if the answers differ by more than `tolerance` * (1 + |expected|).
inline bool agrees(benchmark::State& state, const at::Tensor& answer, const at::Tensor& expected,
                   double tolerance = 1e-4) {
  const at::Tensor a = answer.to(at::kDouble), b = expected.to(at::kDouble);
  if (((a - b).abs() / (1 + b.abs())).max().item<double>() <= tolerance) return true;
  state.SkipWithError("the answer differs from the reference");
  return false;
}

/// Best time of one call in seconds.
template <class Call>
double best_seconds(const Call& call, int times = 30) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < times; ++i) {
    const auto start = Clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// Times `ours`; where torch has the operation, reports how many times faster ours is, best time against best time.
template <class Ours, class Torch>
void time_against(benchmark::State& state, const Ours& ours, const Torch& torch) {
  const double torch_seconds = best_seconds(torch), our_seconds = best_seconds(ours);
  for (auto _ : state) ours();
  state.counters["best_us"] = our_seconds * 1e6;
  state.counters["torch_us"] = torch_seconds * 1e6;
  state.counters["ratio"] = torch_seconds / our_seconds;
}

/// Checks and times a forward pass. `of` has ours() and torchs(), which return the same tensor.
template <class Case>
void time_forward(benchmark::State& state, const Case& of) {
  if (!agrees(state, of.ours().detach(), of.torchs().detach())) return;
  time_against(state, [&] { of.ours(); }, [&] { of.torchs(); });
}

/// Checks and times a forward and a backward pass. `of` has gradient(y) as well, which goes backward from y.
template <class Case>
void time_forward_and_backward(benchmark::State& state, const Case& of) {
  const at::Tensor expected = of.gradient(of.torchs()).clone();
  if (!agrees(state, of.gradient(of.ours()), expected)) return;
  time_against(state, [&] { of.gradient(of.ours()); }, [&] { of.gradient(of.torchs()); });
}

template <class Ours>
void time_alone(benchmark::State& state, const Ours& ours) {
  const double our_seconds = best_seconds(ours);
  for (auto _ : state) ours();
  state.counters["best_us"] = our_seconds * 1e6;
}

}  // namespace graphsieve::bench
