// SPDX-License-Identifier: Apache-2.0
// unit_rows against torch's operations for the same formula: n = 11758.
#include "graphsieve/ops/unit_rows/unit_rows.h"

#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;
constexpr double kLeast = 1e-3;

Tensor by_torch(const Tensor& x) { return x / x.norm(2, {1}, true).clamp_min(kLeast); }

// Arguments: threads, D.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor x = at::randn({kRows, state.range(1)});
  const auto ours = [&] { return ops::unit_rows(x, kLeast); };
  if (!agrees(state, ours(), by_torch(x), 1e-5)) return;
  time_against(state, ours, [&] { by_torch(x); });
}

void ForwardAndBackward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor x = at::randn({kRows, state.range(1)}).requires_grad_(), grad = at::randn_like(x);
  const auto gradient = [&](const Tensor& y) {
    x.mutable_grad().reset();
    y.backward(grad);
    return x.grad();
  };
  const auto ours = [&] { return gradient(ops::unit_rows(x, kLeast)); };
  const Tensor expected = gradient(by_torch(x)).clone();
  if (!agrees(state, ours(), expected, 1e-5)) return;
  time_against(state, ours, [&] { gradient(by_torch(x)); });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {4, 32, 64}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(ForwardAndBackward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
