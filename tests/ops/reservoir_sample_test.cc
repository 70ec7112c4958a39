// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "graphsieve/ops/reservoir_sample/exponential.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using ops::SampleRule;
using Optional = std::optional<Tensor>;
using Edge = std::pair<uint8_t, int32_t>;  ///< type, source: a row's order

constexpr SampleRule kRules[] = {SampleRule::kWeighted, SampleRule::kUniform, SampleRule::kLargest};

struct Graph {
  Tensor row_start, index, type, weight;
};

Graph graph_of(const std::vector<std::vector<Edge>>& rows, const std::vector<float>& weight) {
  std::vector<int64_t> start{0};
  std::vector<int32_t> index;
  std::vector<uint8_t> type;
  for (const auto& row : rows) {
    for (const auto& [t, source] : row) index.push_back(source), type.push_back(t);
    start.push_back(static_cast<int64_t>(index.size()));
  }
  return {at::tensor(start, at::kLong), at::tensor(index, at::kInt), at::tensor(type, at::kByte), at::tensor(weight)};
}

/// Rows of the given degrees with types 0 … 2; sources from a range so small that many edges stand side by side twice
/// or three times. Weights of a row sum to 1, one in ten is 0, and some are equal.
Graph random_graph(const std::vector<int64_t>& degrees) {
  std::mt19937_64 random(11);
  std::vector<std::vector<Edge>> rows;
  std::vector<float> weights;
  for (int64_t degree : degrees) {
    std::vector<Edge> row;
    std::vector<double> weight;
    for (int64_t e = 0; e < degree; ++e) {
      row.emplace_back(static_cast<uint8_t>(random() % 3), static_cast<int32_t>(random() % (degree / 3 + 1)));
      weight.push_back(random() % 10 == 0 ? 0.0 : std::exp2(static_cast<double>(random() % 40) / 4));
    }
    std::sort(row.begin(), row.end());
    const double sum = std::max(1e-30, std::accumulate(weight.begin(), weight.end(), 0.0));
    for (double w : weight) weights.push_back(static_cast<float>(w / sum));
    rows.push_back(row);
  }
  return graph_of(rows, weights);
}

/// 0, 1, and around k, in every order of neighbours; and long rows.
std::vector<int64_t> degrees_around(int64_t k) {
  std::vector<int64_t> degrees{0, 1, k - 1, k, k + 1, 0, 15, 16, 17, 1000, 2 * k, 33, 5000, 7, 1, 0, 8};
  degrees.push_back(k + 1);  // the graph's last row ends within a vector
  return degrees;
}

/// Types of the edges at `position` in the rows of the graph.
Tensor types_of(const Graph& g, const Tensor& position, const Optional& rows = {}) {
  if (g.type.numel() == 0) return at::zeros(position.sizes(), at::kByte);
  const Tensor begin = rows ? g.row_start.index_select(0, *rows) : g.row_start.slice(0, 0, -1);
  const Tensor ids = begin.unsqueeze(1) + position.clamp_min(0);
  const Tensor types = g.type.index_select(0, ids.clamp_max(g.type.numel() - 1).view({-1})).view_as(ids);
  return at::where(position < 0, at::zeros_like(types), types);
}

/// Sources, types and positions of the drawn edges.
Tensors sample(const Graph& g, int64_t k, SampleRule rule, int64_t key = 5, const Optional& rows = {}) {
  const Optional weight = rule == SampleRule::kUniform ? Optional() : Optional(g.weight);
  const auto [index, position] = ops::reservoir_sample(g.row_start, g.index, g.type, weight, rows, k, rule, key);
  return {index, types_of(g, position, rows), position};
}

Tensors sample_reference(const Graph& g, int64_t k, SampleRule rule, int64_t key = 5) {
  const int64_t n = g.row_start.size(0) - 1;
  const Tensor index = at::empty({n, k}, at::kInt), position = at::empty({n, k}, at::kInt);
  kernels::reservoir_sample_reference(
      {g.row_start.const_data_ptr<int64_t>(), g.index.const_data_ptr<int32_t>(), g.type.const_data_ptr<uint8_t>(),
       g.weight.const_data_ptr<float>(), nullptr, n, g.index.size(0), k, rule, static_cast<uint64_t>(key)},
      index.mutable_data_ptr<int32_t>(), position.mutable_data_ptr<int32_t>());
  return {index, types_of(g, position), position};
}

TEST(ReservoirSample, ChoosesTheReferencesEdgesOnEveryTarget) {
  for (int64_t k : {1, 2, 3, 5, 12, 16, 50}) {
    const Graph g = random_graph(degrees_around(k));
    for (SampleRule rule : kRules) {
      for (int64_t key : {1, -7}) {
        const Tensors expected = sample_reference(g, k, rule, key);
        for_each_target([&](const std::string& target) {
          const Tensors ours = sample(g, k, rule, key);
          const std::string what = str("k ", k, " rule ", static_cast<int>(rule), " ", target);
          expect_same_bits(ours[0], expected[0], what);
          expect_same_bits(ours[1], expected[1], what);
          expect_same_bits(ours[2], expected[2], what);
        });
      }
    }
  }
}

TEST(ReservoirSample, SameEdgesAtAnyThreadCount) {
  std::vector<int64_t> degrees(3000);
  for (size_t i = 0; i < degrees.size(); ++i) degrees[i] = static_cast<int64_t>(i % 41);
  const Graph g = random_graph(degrees);
  for (SampleRule rule : kRules) expect_same_at_any_thread_count([&] { return sample(g, 6, rule); });
}

TEST(ReservoirSample, RowsSubsetGivesTheRowsOfTheFullDraw) {
  const Graph g = random_graph(degrees_around(5));
  const Tensor rows = at::tensor(std::vector<int32_t>{12, 3, 0, 9, 9, 17, 1});
  for (SampleRule rule : kRules) {
    const Tensors all = sample(g, 5, rule), some = sample(g, 5, rule, 5, rows);
    for (size_t i : {0, 1}) expect_same_bits(some[i], all[i].index_select(0, rows));
  }
  EXPECT_EQ(sample(g, 5, SampleRule::kUniform, 5, rows.slice(0, 0, 0))[0].sizes(), (std::vector<int64_t>{0, 5}));
}

TEST(ReservoirSample, ExampleOfTheHeader) {
  const Graph g = graph_of({{{0, 3}, {0, 5}, {0, 8}}}, {0.5, 0.5, 0});
  for (int64_t key = 0; key < 200; ++key) {
    const Tensor index = sample(g, 2, SampleRule::kWeighted, key)[0];
    expect_same_bits(index, at::tensor(std::vector<int32_t>{3, 5}).view({1, 2}));
  }
}

TEST(ReservoirSample, LargestKeepsTheLargestAndTiesByPosition) {
  const Graph g = graph_of({{{0, 1}, {0, 2}, {0, 4}, {1, 2}, {1, 3}, {2, 0}}}, {.1f, .3f, .1f, .1f, .3f, .1f});
  const Tensors two = sample(g, 2, SampleRule::kLargest), four = sample(g, 4, SampleRule::kLargest);
  expect_same_bits(two[0], at::tensor(std::vector<int32_t>{2, 3}).view({1, 2}));
  expect_same_bits(four[0], at::tensor(std::vector<int32_t>{1, 2, 4, 3}).view({1, 4}));
  expect_same_bits(four[1], at::tensor(std::vector<uint8_t>{0, 0, 0, 1}, at::kByte).view({1, 4}));
}

TEST(ReservoirSample, KeptEdgesAreDistinctAndStandInTheRowsOrder) {
  std::vector<Edge> row;
  for (int32_t i = 0; i < 30; ++i) row.emplace_back(static_cast<uint8_t>(i / 10), i % 10 * 3);
  const Graph g = graph_of(std::vector<std::vector<Edge>>(50, row), std::vector<float>(1500, 1 / 30.f));
  for (SampleRule rule : kRules) {
    const Tensors drawn = sample(g, 8, rule);
    const Tensor place = drawn[1].to(at::kLong) * 1000 + drawn[0].to(at::kLong);
    EXPECT_TRUE((place.diff() > 0).all().item<bool>());
  }
}

TEST(ReservoirSample, DoesNotDependOnAnEdgesPosition) {
  std::vector<Edge> row;
  std::vector<float> weight;
  for (int32_t i = 0; i < 60; ++i)
    row.emplace_back(static_cast<uint8_t>(i / 20), i % 20), weight.push_back(1.f / (60 + i * 5));
  const auto chosen = [](const Tensors& drawn) {
    return std::get<0>((drawn[1].to(at::kLong) * 1000 + drawn[0].to(at::kLong)).sort(1));
  };
  std::mt19937_64 random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<size_t> order(60);
    std::iota(order.begin(), order.end(), size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    std::vector<Edge> moved;
    std::vector<float> moved_weight;
    for (size_t i : order) moved.push_back(row[i]), moved_weight.push_back(weight[i]);
    for (SampleRule rule : kRules) {
      expect_same_bits(chosen(sample(graph_of({moved}, moved_weight), 7, rule)),
                       chosen(sample(graph_of({row}, weight), 7, rule)));
    }
  }
}

TEST(ReservoirSample, NodeWithoutEdgesGivesMinusOne) {
  const Graph g = graph_of({{}, {{1, 4}}, {}}, {1.f});
  for (SampleRule rule : kRules) {
    const Tensors drawn = sample(g, 3, rule);
    expect_same_bits(drawn[0], at::tensor(std::vector<int32_t>{-1, -1, -1, 4, 4, 4, -1, -1, -1}).view({3, 3}));
  }
}

/// chi² of counts against probabilities.
double chi_square(const std::vector<double>& count, const std::vector<double>& probability) {
  const double n = std::accumulate(count.begin(), count.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < count.size(); ++i) sum += std::pow(count[i] - n * probability[i], 2) / (n * probability[i]);
  return sum;
}

/// P(set) of k successive draws without replacement, by weight, from every order of drawing; sets as bit masks.
std::map<int, double> exact_law(const std::vector<double>& weight, int k, int taken = 0, double p = 1) {
  if (k == 0) return {{taken, p}};
  double left = 0;
  for (size_t i = 0; i < weight.size(); ++i) left += taken >> i & 1 ? 0 : weight[i];
  std::map<int, double> law;
  for (size_t i = 0; i < weight.size(); ++i) {
    if (taken >> i & 1) continue;
    for (const auto& [set, q] : exact_law(weight, k - 1, taken | 1 << i, p * weight[i] / left)) law[set] += q;
  }
  return law;
}

const std::vector<double> kUneven{.4, .25, .15, .1, .07, .03};

/// `nodes` nodes with the same six in-edges, of three types.
Graph six_edges(int64_t nodes) {
  const std::vector<Edge> row{{0, 10}, {0, 20}, {0, 70000}, {1, 10}, {1, 11}, {2, 0}};
  std::vector<float> weight;
  for (int64_t i = 0; i < nodes; ++i) weight.insert(weight.end(), kUneven.begin(), kUneven.end());
  return graph_of(std::vector<std::vector<Edge>>(nodes, row), weight);
}

/// The drawn set of each row of six_edges as a bit mask.
std::vector<int> drawn_sets(const Tensors& drawn) {
  const std::map<int, int> bit{{10, 1}, {20, 2}, {70000, 4}, {1010, 8}, {1011, 16}, {2000, 32}};
  const auto* index = drawn[0].const_data_ptr<int32_t>();
  const auto* type = drawn[1].const_data_ptr<uint8_t>();
  std::vector<int> sets(drawn[0].size(0), 0);
  for (int64_t i = 0; i < drawn[0].numel(); ++i) sets[i / drawn[0].size(1)] |= bit.at(index[i] + 1000 * type[i]);
  return sets;
}

double distance_to_law(const std::vector<int>& sets, const std::vector<double>& weight) {
  std::map<int, double> count;
  for (int set : sets) ++count[set];
  std::vector<double> counts, probabilities;
  for (const auto& [set, p] : exact_law(weight, 3)) counts.push_back(count[set]), probabilities.push_back(p);
  return chi_square(counts, probabilities);
}

constexpr double kChi19 = 50.8;  ///< exceeded with probability 1e-4 at 19 degrees of freedom: 20 sets of 3 of 6

TEST(ReservoirSample, LawIsSuccessiveSamplingOverNodes) {
  const Graph g = six_edges(40000);
  EXPECT_LT(distance_to_law(drawn_sets(sample(g, 3, SampleRule::kWeighted, 1)), kUneven), kChi19);
  EXPECT_LT(distance_to_law(drawn_sets(sample(g, 3, SampleRule::kUniform, 2)), std::vector<double>(6, 1.0)), kChi19);
}

TEST(ReservoirSample, LawIsSuccessiveSamplingOverKeys) {
  const Graph g = six_edges(1);
  std::vector<int> weighted, uniform;
  for (int64_t key = 0; key < 20000; ++key) {
    weighted.push_back(drawn_sets(sample(g, 3, SampleRule::kWeighted, key))[0]);
    uniform.push_back(drawn_sets(sample(g, 3, SampleRule::kUniform, key))[0]);
  }
  EXPECT_LT(distance_to_law(weighted, kUneven), kChi19);
  EXPECT_LT(distance_to_law(uniform, std::vector<double>(6, 1.0)), kChi19);
}

TEST(ReservoirSample, NeighbouringNodesAndKeysDrawIndependently) {
  const int64_t n = 40000;
  const Graph g = six_edges(n);
  const auto first = drawn_sets(sample(g, 3, SampleRule::kUniform, 1)),
             second = drawn_sets(sample(g, 3, SampleRule::kUniform, 2));
  double same_key = 0, next_key = 0;  // of indicators of one edge, ±1, mean 0
  const auto sign = [](int set) { return set & 2 ? 1.0 : -1.0; };
  for (int64_t i = 0; i + 1 < n; ++i)
    same_key += sign(first[i]) * sign(first[i + 1]), next_key += sign(first[i]) * sign(second[i]);
  EXPECT_LT(std::abs(same_key), 4 * std::sqrt(n));
  EXPECT_LT(std::abs(next_key), 4 * std::sqrt(n));
}

TEST(ReservoirSample, LikeEdgesSideBySideAreDrawnEachOnItsOwn) {
  const int64_t n = 20000;  // two copies of one edge and one of another, one drawn: the first source two times in three
  const Graph g =
      graph_of(std::vector<std::vector<Edge>>(n, {{0, 4}, {0, 4}, {0, 9}}), std::vector<float>(3 * n, 1 / 3.f));
  for (SampleRule rule : {SampleRule::kWeighted, SampleRule::kUniform}) {
    const double count = (sample(g, 1, rule)[0] == 4).sum().item<double>();
    EXPECT_LT(chi_square({count, n - count}, {2 / 3., 1 / 3.}), 15.1);  // probability 1e-4
  }
}

TEST(ReservoirSample, ShortRowIsFilledFromItsOwnEdgesByWeight) {
  const int64_t n = 20000, k = 5;
  std::vector<float> weight;
  for (int64_t i = 0; i < n; ++i) weight.insert(weight.end(), {.75f, .25f});
  const Graph g = graph_of(std::vector<std::vector<Edge>>(n, {{0, 6}, {2, 6}}), weight);
  for (SampleRule rule : kRules) {
    const Tensors drawn = sample(g, k, rule);
    EXPECT_TRUE((drawn[0] == 6).all().item<bool>());
    const Tensor first = (drawn[1] == 0).sum(1), second = (drawn[1] == 2).sum(1);
    EXPECT_TRUE((first + second == k).all().item<bool>());
    EXPECT_GE(first.min().item<int64_t>(), 1);
    EXPECT_GE(second.min().item<int64_t>(), 1);
    const double p = rule == SampleRule::kUniform ? 0.5 : 0.75;
    std::vector<double> counts,
        law{(1 - p) * (1 - p) * (1 - p), 3 * p * (1 - p) * (1 - p), 3 * p * p * (1 - p), p * p * p};
    for (int64_t extra = 0; extra <= 3; ++extra) counts.push_back((first == 1 + extra).sum().item<double>());
    EXPECT_LT(chi_square(counts, law), 21.1) << static_cast<int>(rule);  // probability 1e-4
  }
}

TEST(Exponential, IsMinusLogOfOneMinusVAtEveryMagnitude) {
  double worst = 0;
  const auto check = [&](uint32_t x) {
    const double exact = -std::log1p(-(static_cast<double>(x >> 1) + 0.5) * 0x1p-31);
    worst = std::max(worst, std::abs(kernels::exponential(x) - exact) / exact);
  };
  for (uint64_t x = 0; x < 1ull << 32; x += 997) check(static_cast<uint32_t>(x));
  for (uint32_t middle : {0u, 1u << 30, 1u << 31, 3u << 30}) {  // the ends, and the seams at 0.25, 0.5 and 0.75
    for (uint32_t i = 0; i < 100000; ++i) check(middle + i), check(middle - 1 - i);
  }
  for (int bit = 0; bit < 32; ++bit) check(1u << bit), check(~(1u << bit)), check((1u << bit) - 1);
  EXPECT_LT(worst, 3e-7);
}

TEST(Exponential, KeyedNumbersFollowTheExponentialLaw) {
  for (uint64_t key : {random_key(1, 2), random_key(3, 4, 5)}) {
    const int64_t n = 1000000;
    std::vector<double> numbers(n);
    for (int64_t i = 0; i < n; ++i) numbers[i] = kernels::exponential(mix32(key, static_cast<uint32_t>(i)));
    const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / n;
    EXPECT_NEAR(mean, 1, 4 / std::sqrt(n));
    std::sort(numbers.begin(), numbers.end());
    EXPECT_GT(numbers[0], 0);
    double largest = 0;  // Kolmogorov's distance
    for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(-std::expm1(-numbers[i]) - (i + 0.5) / n));
    EXPECT_LT(largest, 2.2 / std::sqrt(n));  // probability 1e-4
  }
}

TEST(ReservoirSample, ShapeFunction) {
  const auto meta = [](at::IntArrayRef shape, at::ScalarType type) {
    return at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(type));
  };
  const Tensor start = meta({9}, at::kLong), edges = meta({30}, at::kInt), types = meta({30}, at::kByte);
  const auto all = ops::reservoir_sample(start, edges, types, {}, {}, 4, SampleRule::kUniform, 0);
  const auto some = ops::reservoir_sample(start, edges, types, {}, meta({3}, at::kInt), 4, SampleRule::kUniform, 0);
  EXPECT_EQ(std::get<0>(all).sizes(), (std::vector<int64_t>{8, 4}));
  EXPECT_EQ(std::get<1>(some).sizes(), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(std::get<1>(some).scalar_type(), at::kInt);
}

TEST(ReservoirSample, RefusesWrongArguments) {
  const Graph g = random_graph({3, 2});
  const auto draw = [&](const Graph& from, const Optional& weight, const Optional& rows, int64_t k, SampleRule rule) {
    return [=] { ops::reservoir_sample(from.row_start, from.index, from.type, weight, rows, k, rule, 0); };
  };
  const auto uniform = SampleRule::kUniform;
  for (int64_t k : {0, -3})
    expect_error(draw(g, {}, {}, k, uniform), {"reservoir_sample", "k must be at least 1", std::to_string(k)});
  expect_error(draw(g, {}, {}, 2, SampleRule::kWeighted), {"need weights"});
  expect_error(draw(g, {}, {}, 2, SampleRule::kLargest), {"need weights"});
  expect_error(draw(g, g.weight.to(at::kDouble), {}, 2, SampleRule::kWeighted), {"weight", "float32", "[5]"});
  expect_error(draw(g, {}, g.row_start, 2, uniform), {"rows", "int32"});
  expect_error(draw(g, {}, {}, 2, static_cast<SampleRule>(3)), {"rule", "3"});
  expect_error(draw({g.row_start.to(at::kInt), g.index, g.type, {}}, {}, {}, 2, uniform),
               {"row_start", "int64", "Int"});
  expect_error(draw({g.row_start, g.row_start, g.type, {}}, {}, {}, 2, uniform), {"index", "int32", "Long"});
  expect_error(draw({g.row_start, g.index, g.type.slice(0, 1), {}}, {}, {}, 2, uniform), {"type", "[5]", "[4]"});
}

}  // namespace
}  // namespace graphsieve
