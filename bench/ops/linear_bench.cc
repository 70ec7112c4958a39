// SPDX-License-Identifier: Apache-2.0
// linear against at::linear, at the size of minesweeper-like graphs: n = 11758.
#include "graphsieve/ops/linear/linear.h"

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/linear/linear_kernel.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;

struct Inputs {
  explicit Inputs(int64_t in, int64_t out)
      : x(at::randn({kRows, in})), w(at::randn({out, in})), b(at::randn({out})), g(at::randn({kRows, out})) {}
  Tensor x, w, b, g;
};

// Arguments: threads, in, out.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  const Inputs a(state.range(1), state.range(2));
  const Tensor expected = at::empty_like(a.g);
  kernels::linear_reference(a.x.const_data_ptr<float>(), a.w.const_data_ptr<float>(), a.b.const_data_ptr<float>(),
                            kRows, a.x.size(1), a.w.size(0), expected.mutable_data_ptr<float>());
  if (!agrees(state, ops::linear(a.x, a.w, a.b), expected)) return;
  time_against(state, [&] { ops::linear(a.x, a.w, a.b); }, [&] { at::linear(a.x, a.w, a.b); });
}

void Backward(benchmark::State& state) {
  use_threads(state.range(0));
  const Inputs a(state.range(1), state.range(2));
  const Tensor expected = at::empty_like(a.w);
  kernels::linear_backward_reference<float>(a.g.const_data_ptr<float>(), a.x.const_data_ptr<float>(),
                                            a.w.const_data_ptr<float>(), kRows, a.x.size(1), a.w.size(0), nullptr,
                                            expected.mutable_data_ptr<float>(), nullptr);
  using Signature =
      std::tuple<Tensor, Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, std::array<bool, 3>);
  const auto backward = ops::find_operator<Signature>("graphsieve::linear_backward");
  if (!agrees(state, std::get<1>(backward.call(a.g, a.x, a.w, {true, true, true})), expected, 1e-3)) return;
  time_against(
      state, [&] { backward.call(a.g, a.x, a.w, {true, true, true}); },
      [&] {
        at::mm(a.g, a.w);
        at::mm(a.g.t(), a.x);
        at::sum(a.g, 0);
      });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {4, 32, 64}, {4, 32, 64, 128}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(Backward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
