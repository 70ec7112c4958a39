// SPDX-License-Identifier: Apache-2.0
// A layer of a sampled batch in the absorbed form, maps included, against the same layer by sparse_attention.
#include "graphsieve/ops/absorbed_attention/absorbed_attention.h"

#include "graphsieve/ops/linear/linear.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;
constexpr int64_t kDestinations = 11000, kDrawn = 10, kTypes = 3;
constexpr double kClamp = 8;

/// A block of kDestinations rows with kDrawn edges each, sorted by type, and the maps of one head.
struct Block {
  Block(int64_t sources, int64_t width) : h(at::randn({sources, width}).requires_grad_()) {
    const Tensor index = at::randint(sources, {kDestinations * kDrawn});
    const Tensor type = std::get<0>(at::randint(kTypes, {kDestinations, kDrawn}).sort(1)).flatten();
    const Tensor order = (index * kTypes + type).argsort(true, 0);
    const Tensor of_edge = at::arange(kDestinations).repeat_interleave(kDrawn);
    edges = {at::arange(0, kDestinations * kDrawn + 1, kDrawn),
             index.to(at::kInt),
             type.to(at::kByte),
             at::cat({at::zeros({1}, at::kLong), at::bincount(index, {}, sources).cumsum(0)}),
             of_edge.index_select(0, order).to(at::kInt),
             type.index_select(0, order).to(at::kByte)};
    const double unit = 1 / std::sqrt(static_cast<double>(width));
    query_map = (at::randn({width, width}) * unit).requires_grad_();
    key_value_map = (at::randn({2 * width, width}) * unit).requires_grad_();
    scale = (at::randn({kTypes, width}) * unit).requires_grad_();
    bias = at::zeros({kTypes, 1}).requires_grad_();
    grad = at::randn({kDestinations, width});
  }

  Tensor destinations() const { return h.narrow(0, 0, kDestinations); }

  Tensor usual() const {
    const Tensor key_value = ops::linear(h, key_value_map, std::nullopt);
    const Tensor query = ops::linear(destinations(), query_map, std::nullopt);
    return std::get<0>(ops::sparse_attention(query, key_value, edges, scale, bias, 1, kClamp));
  }

  Tensor absorbed() const {
    const int64_t width = h.size(1);
    const Tensor keys = key_value_map.narrow(0, 0, width), values = key_value_map.slice(0, width);
    const Tensor map = at::matmul(keys.t(), scale.unsqueeze(2) * query_map).reshape({kTypes * width, width});
    const Tensor query = ops::linear(destinations(), map, std::nullopt).view({kDestinations, 1, kTypes, width});
    const Tensor pooled = std::get<0>(ops::absorbed_attention(query, h, edges, bias, kClamp));
    return ops::linear(pooled.view({kDestinations, width}), values, std::nullopt);
  }

  /// Returns the gradient of h.
  Tensor gradient(const Tensor& out) const {
    for (const Tensor& t : {h, query_map, key_value_map, scale, bias}) t.mutable_grad().reset();
    out.backward(grad);
    return h.grad();
  }

  Tensor h, query_map, key_value_map, scale, bias, grad;
  ops::AttentionEdges edges;
};

// Arguments: threads, sources, width.
void ForwardAndBackward(benchmark::State& state) {
  use_threads(state.range(0));
  const Block block(state.range(1), state.range(2));
  const auto ours = [&] { return block.gradient(block.absorbed()); };
  const Tensor expected = block.gradient(block.usual()).clone();
  if (!agrees(state, ours(), expected, 1e-4)) return;
  time_against(state, ours, [&] { block.gradient(block.usual()); });
}

const std::vector<std::vector<int64_t>> kCases{{1, 2}, {11000, 33000, 110000}, {64, 128}};
BENCHMARK(ForwardAndBackward)->ArgsProduct(kCases)->Unit(benchmark::kMillisecond)->MinTime(0.2);

}  // namespace
}  // namespace graphsieve::bench
