// SPDX-License-Identifier: Apache-2.0
// norm_relu_unit against torch's operations: n = 11758.
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit.h"

#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;
constexpr double kEps = 1e-5, kLeast = 1e-6;

struct Norm {
  explicit Norm(int64_t width)
      : x(at::randn({kRows, width}).requires_grad_()),
        weight((0.5 * at::rand({width})).requires_grad_()),
        bias(at::randn({width}).sign().mul(4).requires_grad_()),  // so far from 0 that rounding changes no sign
        grad(at::randn({kRows, width})) {}

  Tensor ours() const { return std::get<0>(ops::norm_relu_unit(x, weight, bias, {}, {}, kEps, kLeast)); }
  Tensor torchs() const {
    const Tensor p = at::batch_norm(x, weight, bias, {}, {}, true, 0.1, kEps, false).relu();
    return p / p.norm(2, {1}, true).clamp_min(kLeast);
  }
  Tensor gradient(const Tensor& y) const {
    x.mutable_grad().reset(), weight.mutable_grad().reset(), bias.mutable_grad().reset();
    y.backward(grad);
    return x.grad();
  }

  Tensor x, weight, bias, grad;
};

// Arguments: threads, D.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  time_forward(state, Norm(state.range(1)));
}

void ForwardAndBackward(benchmark::State& state) {
  use_threads(state.range(0));
  time_forward_and_backward(state, Norm(state.range(1)));
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {64, 128}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(ForwardAndBackward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
