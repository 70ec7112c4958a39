// SPDX-License-Identifier: Apache-2.0
// node_norm against torch's batch norm: n = 11758.
#include "graphsieve/ops/node_norm/node_norm.h"

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/node_norm/node_norm_kernel.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
constexpr int64_t kRows = 11758;
constexpr double kEps = 1e-5;

struct Inputs {
  explicit Inputs(int64_t d)
      : x(at::randn({kRows, d}) + 1), w(at::randn({d})), b(at::randn({d})), g(at::randn({kRows, d})) {}
  kernels::NodeNormArgs<float> arguments() const {
    return {kRows, x.size(1), x.const_data_ptr<float>(), nullptr, w.const_data_ptr<float>(), b.const_data_ptr<float>(),
            kEps};
  }
  Tensor x, w, b, g;
};

// Arguments: threads, D.
void Forward(benchmark::State& state) {
  use_threads(state.range(0));
  const Inputs a(state.range(1));
  const Tensor mean = at::empty_like(a.w), var = at::empty_like(a.w), expected = at::empty_like(a.x);
  kernels::node_norm_statistics_reference(a.arguments(), mean.mutable_data_ptr<float>(), var.mutable_data_ptr<float>());
  kernels::node_norm_apply_reference(a.arguments(), mean.const_data_ptr<float>(), var.const_data_ptr<float>(),
                                     expected.mutable_data_ptr<float>());
  const auto ours = [&] { return ops::node_norm(a.x, {}, a.w, a.b, {}, {}, kEps); };
  if (!agrees(state, std::get<0>(ours()), expected)) return;
  time_against(state, ours, [&] { at::native_batch_norm(a.x, a.w, a.b, {}, {}, true, 0.1, kEps); });
}

void Backward(benchmark::State& state) {
  use_threads(state.range(0));
  const Inputs a(state.range(1));
  const auto [y, mean, var] = ops::node_norm(a.x, {}, a.w, a.b, {}, {}, kEps);
  const Tensor expected = at::empty_like(a.x), dw = at::empty_like(a.w), db = at::empty_like(a.w);
  kernels::node_norm_backward_reference(
      a.arguments(), a.g.const_data_ptr<float>(), mean.const_data_ptr<float>(), var.const_data_ptr<float>(), true,
      {expected.mutable_data_ptr<float>(), nullptr, dw.mutable_data_ptr<float>(), db.mutable_data_ptr<float>()});
  using Signature = std::tuple<Tensor, Tensor, Tensor, Tensor>(
      const Tensor&, const Tensor&, const Optional&, const Tensor&, const Tensor&, const Tensor&, double, bool);
  const auto backward = ops::find_operator<Signature>("graphsieve::node_norm_backward");
  const auto ours = [&] { return backward.call(a.g, a.x, {}, a.w, mean, var, kEps, true); };
  if (!agrees(state, std::get<0>(ours()), expected)) return;
  const auto [torch_y, torch_mean, torch_rstd] = at::native_batch_norm(a.x, a.w, a.b, {}, {}, true, 0.1, kEps);
  time_against(state, ours, [&] {
    at::native_batch_norm_backward(a.g, a.x, a.w, {}, {}, torch_mean, torch_rstd, true, kEps, {true, true, true});
  });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {4, 32, 33, 64}};
BENCHMARK(Forward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(Backward)->ArgsProduct(kCases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
