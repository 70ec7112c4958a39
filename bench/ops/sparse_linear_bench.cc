// SPDX-License-Identifier: Apache-2.0
// sparse_linear at the sizes of coauthor-cs (n 18333, in 6805, 1.1 M entries) and amazon-photo (7650, 745, 2 M),
// against torch's product of a sparse CSR matrix.
#include "graphsieve/ops/sparse_linear/sparse_linear.h"

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"
#include "op_bench.h"

namespace graphsieve::bench {
namespace {

using at::Tensor;

struct Csr {
  Tensor row_start, index, value;
  kernels::SparseRows<float> rows() const {
    return {row_start.numel() - 1, row_start.const_data_ptr<int64_t>(), index.const_data_ptr<int32_t>(),
            value.const_data_ptr<float>()};
  }
  Tensor torch(int64_t columns) const {
    const auto options = value.options().layout(at::kSparseCsr);
    return at::sparse_csr_tensor(row_start.to(at::kInt), index, value, {row_start.numel() - 1, columns}, options);
  }
};

/// Entries at `row`, `column` by rows, in each row by column.
Csr by_rows(const Tensor& row, const Tensor& column, const Tensor& value, int64_t rows, int64_t columns) {
  const Tensor order = (row * columns + column).argsort();
  const Tensor counts = at::bincount(row, {}, rows);
  return {at::cat({at::zeros({1}, at::kLong), counts.cumsum(0)}), column.index({order}).to(at::kInt),
          value.index({order})};
}

struct Inputs {
  Inputs(int64_t n, int64_t in, int64_t out, int64_t entries)
      : w(at::randn({out, in})), b(at::randn({out})), g(at::randn({n, out})) {
    const Tensor row = at::randint(n, {entries}, at::kLong);
    const Tensor column = (at::rand({entries}).square() * in).to(at::kLong);  // frequent and rare words
    const Tensor value = at::rand({entries});
    x = by_rows(row, column, value, n, in);
    t = by_rows(column, row, value, in, n);
  }
  Tensor w, b, g;
  Csr x, t;
};

// Arguments: threads, n, in, out, entries.
Inputs inputs(benchmark::State& state) {
  use_threads(state.range(0));
  return {state.range(1), state.range(2), state.range(3), state.range(4)};
}

void Forward(benchmark::State& state) {
  const Inputs a = inputs(state);
  const Tensor expected = at::empty_like(a.g);
  kernels::sparse_linear_reference(a.x.rows(), a.w.const_data_ptr<float>(), a.b.const_data_ptr<float>(), a.w.size(1),
                                   a.w.size(0), expected.mutable_data_ptr<float>());
  const auto ours = [&] {
    return ops::sparse_linear(a.x.row_start, a.x.index, a.x.value, a.t.row_start, a.t.index, a.t.value, a.w, a.b);
  };
  if (!agrees(state, ours(), expected)) return;
  const Tensor torch_x = a.x.torch(a.w.size(1)), w_t = a.w.t().contiguous();
  time_against(state, ours, [&] { at::mm(torch_x, w_t).add_(a.b); });
}

void Backward(benchmark::State& state) {
  const Inputs a = inputs(state);
  const Tensor expected = at::empty_like(a.w);
  kernels::sparse_linear_backward_reference(a.t.rows(), a.g.const_data_ptr<float>(), a.w.size(0),
                                            expected.mutable_data_ptr<float>());
  using Signature = std::tuple<Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool);
  const auto backward = ops::find_operator<Signature>("graphsieve::sparse_linear_backward");
  const auto ours = [&] { return backward.call(a.g, a.t.row_start, a.t.index, a.t.value, true); };
  // A frequent word's column sums some 70,000 terms of both signs in float32.
  if (!agrees(state, std::get<0>(ours()), expected, 1e-3)) return;
  const Tensor torch_x_t = a.t.torch(a.g.size(0));
  time_against(state, ours, [&] {
    at::mm(torch_x_t, a.g);
    at::sum(a.g, 0);
  });
}

void cases(benchmark::internal::Benchmark* b) {
  for (int threads : {1, 2}) {
    b->Args({threads, 18333, 6805, 64, 1100000});
    b->Args({threads, 7650, 745, 56, 2000000});
    b->Args({threads, 7650, 745, 4, 2000000});
  }
}
BENCHMARK(Forward)->Apply(cases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);
BENCHMARK(Backward)->Apply(cases)->Unit(benchmark::kMicrosecond)->MinTime(0.05);

}  // namespace
}  // namespace graphsieve::bench
