// SPDX-License-Identifier: Apache-2.0
// layer_norm against torch's operation: n = 11758.
#include "graphsieve/ops/layer_norm/layer_norm.h"

#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kRows = 11758;
constexpr double kEps = 1e-5;

struct Norm {
  explicit Norm(int64_t width)
      : x(at::randn({kRows, width}).requires_grad_()),
        weight(at::randn({width}).requires_grad_()),
        bias(at::randn({width}).requires_grad_()),
        grad(at::randn({kRows, width})) {}

  Tensor ours() const { return ops::layer_norm(x, weight, bias, kEps); }
  Tensor torchs() const { return at::layer_norm(x, {x.size(1)}, weight, bias, kEps); }
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
