// SPDX-License-Identifier: Apache-2.0
// relu_dropout against at::relu and at::dropout: n = 11758.
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_kernel.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;
constexpr double kP = 0.3;

// Arguments: threads, D.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor x = at::randn({kRows, state.range(1)}), expected = at::empty_like(x);
  kernels::relu_dropout_reference(x.const_data_ptr<float>(), x.numel(), kP, 7, expected.mutable_data_ptr<float>());
  const auto ours = [&] { return ops::relu_dropout(x, kP, 7); };
  if (!agrees(state, ours(), expected, 0)) return;
  time_against(state, ours, [&] { at::dropout(at::relu(x), kP, true); });
}

void Backward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor g = at::randn({kRows, state.range(1)}), y = ops::relu_dropout(at::randn_like(g), kP, 7);
  const Tensor expected = at::empty_like(g), mask = at::rand_like(g) > kP;
  kernels::relu_dropout_backward_reference(g.const_data_ptr<float>(), y.const_data_ptr<float>(), g.numel(), kP,
                                           expected.mutable_data_ptr<float>());
  const auto backward =
      ops::find_operator<Tensor(const Tensor&, const Tensor&, double)>("graphsieve::relu_dropout_backward");
  const auto ours = [&] { return backward.call(g, y, kP); };
  if (!agrees(state, ours(), expected, 0)) return;
  time_against(state, ours, [&] { at::threshold_backward(at::native_dropout_backward(g, mask, 1 / (1 - kP)), y, 0); });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {4, 32, 64}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(Backward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
