// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/expand_block/expand_block.h"

#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "graphsieve/ops/expand_block/expand_block_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;

struct Drawn {
  Tensor destinations, index, type;
  int64_t nodes;
};

/// d distinct destinations of n nodes, k random sources each; one in `gap` entries is −1 (0: none).
Drawn random_draw(int64_t n, int64_t d, int64_t k, int64_t gap) {
  std::mt19937_64 random(5);
  std::vector<int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  Drawn drawn{at::tensor(order).slice(0, 0, d).clone(), at::empty({d, k}, at::kInt), at::empty({d, k}, at::kByte), n};
  for (int64_t e = 0; e < d * k; ++e) {
    const bool none = gap > 0 && random() % gap == 0;
    drawn.index.mutable_data_ptr<int32_t>()[e] = none ? -1 : static_cast<int32_t>(random() % n);
    drawn.type.mutable_data_ptr<uint8_t>()[e] = static_cast<uint8_t>(random() % 3);
  }
  return drawn;
}

/// The block's arrays, cut to what holds.
struct Block {
  Tensor sources, row_start, index, type, t_row_start, t_index, t_type;

  Tensors all() const { return {sources, row_start, index, type, t_row_start, t_index, t_type}; }
};

Block cut(const Block& b, int64_t count) {
  const int64_t edges = b.row_start[-1].item<int64_t>();
  return {b.sources.slice(0, 0, count), b.row_start,   b.index.slice(0, 0, edges),
          b.type.slice(0, 0, edges),    b.t_row_start, b.t_index.slice(0, 0, edges),
          b.t_type.slice(0, 0, edges)};
}

/// The operator's block; checks that its scratch is −1 again.
Block expand(const Drawn& drawn) {
  Tensor local = at::full({drawn.nodes}, -1, at::kInt);
  const auto [sources, count, row_start, index, type, t_row_start, t_index, t_type] =
      ops::expand_block(drawn.destinations, drawn.index, drawn.type, local);
  EXPECT_TRUE((local == -1).all().item<bool>());
  return cut({sources, row_start, index, type, t_row_start, t_index, t_type}, count.item<int64_t>());
}

Block expand_reference(const Drawn& drawn) {
  const int64_t d = drawn.index.size(0), k = drawn.index.size(1);
  Block b{at::empty({d * (k + 1)}, at::kInt), at::empty({d + 1}, at::kLong),           at::empty({d * k}, at::kInt),
          at::empty({d * k}, at::kByte),      at::empty({d * (k + 1) + 1}, at::kLong), at::empty({d * k}, at::kInt),
          at::empty({d * k}, at::kByte)};
  const int64_t count = kernels::expand_block_reference(
      {drawn.destinations.const_data_ptr<int32_t>(), d, k, drawn.index.const_data_ptr<int32_t>(),
       drawn.type.const_data_ptr<uint8_t>(), nullptr},
      {b.sources.mutable_data_ptr<int32_t>(), b.row_start.mutable_data_ptr<int64_t>(),
       b.index.mutable_data_ptr<int32_t>(), b.type.mutable_data_ptr<uint8_t>(),
       b.t_row_start.mutable_data_ptr<int64_t>(), b.t_index.mutable_data_ptr<int32_t>(),
       b.t_type.mutable_data_ptr<uint8_t>()});
  return cut(b, count);
}

TEST(ExpandBlock, AgreesWithReference) {
  for (int64_t n : {1, 7, 5000}) {
    for (int64_t d : {int64_t{0}, int64_t{1}, n / 2, n}) {
      for (int64_t k : {0, 1, 5, 17}) {
        for (int64_t gap : {0, 1, 4}) {
          const Drawn drawn = random_draw(n, d, k, gap);
          const Tensors ours = expand(drawn).all(), expected = expand_reference(drawn).all();
          for (size_t i = 0; i < ours.size(); ++i) {
            expect_same_bits(ours[i], expected[i], str("n ", n, " d ", d, " k ", k, " gap ", gap, " array ", i));
          }
        }
      }
    }
  }
}

template <class T>
std::vector<T> numbers(const Tensor& t) {
  return {t.const_data_ptr<T>(), t.const_data_ptr<T>() + t.numel()};
}

TEST(ExpandBlock, ExampleOfTheHeader) {
  const Block b =
      expand({at::tensor(std::vector<int32_t>{7, 2}), at::tensor(std::vector<int32_t>{2, 9, 7, 9}).view({2, 2}),
              at::tensor(std::vector<uint8_t>{0, 1, 2, 0}, at::kByte).view({2, 2}), 10});
  EXPECT_EQ(numbers<int32_t>(b.sources), (std::vector<int32_t>{7, 2, 9}));
  EXPECT_EQ(numbers<int64_t>(b.row_start), (std::vector<int64_t>{0, 2, 4}));
  EXPECT_EQ(numbers<int32_t>(b.index), (std::vector<int32_t>{1, 2, 0, 2}));
  EXPECT_EQ(numbers<uint8_t>(b.type), (std::vector<uint8_t>{0, 1, 2, 0}));
  EXPECT_EQ(numbers<int64_t>(b.t_row_start), (std::vector<int64_t>{0, 1, 2, 4, 4, 4, 4}));
  EXPECT_EQ(numbers<int32_t>(b.t_index), (std::vector<int32_t>{1, 0, 0, 1}));
  EXPECT_EQ(numbers<uint8_t>(b.t_type), (std::vector<uint8_t>{2, 0, 1, 0}));
}

TEST(ExpandBlock, DestinationsComeFirstAndEverySourceOnce) {
  const Drawn drawn = random_draw(3000, 400, 12, 5);
  const Block b = expand(drawn);
  expect_same_bits(b.sources.slice(0, 0, 400), drawn.destinations);
  EXPECT_EQ(std::get<0>(at::_unique(b.sources)).numel(), b.sources.numel());
}

TEST(ExpandBlock, EntriesOfMinusOneAreSkipped) {
  const Drawn drawn = random_draw(3000, 400, 12, 2);
  const Block b = expand(drawn);
  expect_same_bits(b.row_start.diff(), (drawn.index >= 0).sum(1));
  expect_same_bits(b.sources.index_select(0, b.index), drawn.index.masked_select(drawn.index >= 0));
  expect_same_bits(b.type, drawn.type.masked_select(drawn.index >= 0));
}

TEST(ExpandBlock, EdgesBySourceAreTheEdgesByDestination) {
  const Block b = expand(random_draw(300, 200, 9, 6));
  using Edge = std::tuple<int64_t, int64_t, int64_t>;
  std::map<Edge, int> count;
  const auto start = numbers<int64_t>(b.row_start), t_start = numbers<int64_t>(b.t_row_start);
  const auto index = numbers<int32_t>(b.index), t_index = numbers<int32_t>(b.t_index);
  const auto type = numbers<uint8_t>(b.type), t_type = numbers<uint8_t>(b.t_type);
  for (size_t r = 0; r + 1 < start.size(); ++r)
    for (int64_t e = start[r]; e < start[r + 1]; ++e) ++count[{r, index[e], type[e]}];
  for (size_t s = 0; s + 1 < t_start.size(); ++s)
    for (int64_t e = t_start[s]; e < t_start[s + 1]; ++e) --count[{t_index[e], s, t_type[e]}];
  for (const auto& [edge, left] : count) EXPECT_EQ(left, 0);
}

TEST(ExpandBlock, ShapeFunction) {
  const auto meta = [](at::IntArrayRef shape, at::ScalarType type) {
    return at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(type));
  };
  const auto b =
      ops::expand_block(meta({4}, at::kInt), meta({4, 3}, at::kInt), meta({4, 3}, at::kByte), meta({9}, at::kInt));
  EXPECT_EQ(std::get<0>(b).sizes(), (std::vector<int64_t>{16}));
  EXPECT_EQ(std::get<2>(b).sizes(), (std::vector<int64_t>{5}));
  EXPECT_EQ(std::get<5>(b).sizes(), (std::vector<int64_t>{17}));
}

TEST(ExpandBlock, RefusesWrongArguments) {
  const Drawn d = random_draw(9, 4, 3, 0);
  const Tensor local = at::full({9}, -1, at::kInt);
  const auto call = [](Tensor a, Tensor b, Tensor c, Tensor l) { return [=] { ops::expand_block(a, b, c, l); }; };
  expect_error(call(d.destinations.to(at::kLong), d.index, d.type, local),
               {"expand_block", "destinations", "int32", "Long"});
  expect_error(call(d.destinations.slice(0, 1), d.index, d.type, local), {"index", "[3, k]", "[4, 3]"});
  expect_error(call(d.destinations, d.index, d.type.slice(1, 1), local), {"type", "[4, 3]"});
  expect_error(call(d.destinations, d.index, d.type, local.to(at::kLong)), {"local", "int32"});
}

}  // namespace
}  // namespace graphsieve
