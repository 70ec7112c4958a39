// SPDX-License-Identifier: Apache-2.0
// dropout_add against at::dropout and an addition: n = 11758.
#include "graphsieve/ops/dropout_add/dropout_add.h"

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/dropout_add/dropout_add_kernel.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;
constexpr double kP = 0.3;

// Arguments: threads, D.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor x = at::randn({kRows, state.range(1)}), r = at::randn_like(x), expected = at::empty_like(x);
  kernels::dropout_add_reference(x.const_data_ptr<float>(), r.const_data_ptr<float>(), x.numel(), kP, 7,
                                 expected.mutable_data_ptr<float>());
  const auto ours = [&] { return ops::dropout_add(x, r, kP, 7); };
  if (!agrees(state, ours(), expected, 0)) return;
  time_against(state, ours, [&] { at::add(r, at::dropout(x, kP, true)); });
}

void Backward(benchmark::State& state) {
  use_threads(state.range(0));
  const Tensor g = at::randn({kRows, state.range(1)}), expected = at::empty_like(g);
  kernels::dropout_add_reference<float>(g.const_data_ptr<float>(), nullptr, g.numel(), kP, 7,
                                        expected.mutable_data_ptr<float>());
  const auto backward = ops::find_operator<Tensor(const Tensor&, double, int64_t)>("graphsieve::dropout_add_backward");
  const auto ours = [&] { return backward.call(g, kP, 7); };
  if (!agrees(state, ours(), expected, 0)) return;
  const Tensor mask = at::rand_like(g) > kP;
  time_against(state, ours, [&] { at::native_dropout_backward(g, mask, 1 / (1 - kP)); });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {4, 32, 64}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(Backward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
