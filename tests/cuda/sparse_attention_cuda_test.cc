// SPDX-License-Identifier: Apache-2.0
// The .cu kernels of sparse_attention against the reference in double precision.
#include "graphsieve/ops/sparse_attention/sparse_attention_cuda.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "device_testing.h"

namespace graphsieve::kernels {
namespace {

/// Random numbers of tests: which ones they are does not matter.
std::mt19937& numbers() {
  static std::mt19937 engine(7);
  return engine;
}

double drawn(double scale) { return std::normal_distribution<double>(0, scale)(numbers()); }

template <class T>
T narrowed(double x) {
  const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  if constexpr (std::is_same_v<T, float>)
    return static_cast<float>(x);
  else if constexpr (std::is_same_v<T, BFloat16>)
    return {static_cast<uint16_t>(bits >> 16)};
  else
    return {std::bit_cast<uint16_t>(static_cast<_Float16>(x))};
}

template <class T>
double widened(T x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
  else
    return static_cast<double>(std::bit_cast<_Float16>(x.bits));
}

template <class T>
std::vector<T> random_rows(size_t count, double scale = 1) {
  std::vector<T> to(count);
  for (T& x : to) x = narrowed<T>(drawn(scale));
  return to;
}

template <class T>
std::vector<double> doubles(const std::vector<T>& from) {
  std::vector<double> to(from.size());
  std::transform(from.begin(), from.end(), to.begin(), [](T x) { return widened(x); });
  return to;
}

/// Edges of the host, by destination and by source.
struct Edges {
  int64_t rows = 0, sources = 0, degree = 0;  ///< degree of a regular graph
  std::vector<int64_t> row_start = {0}, t_row_start;
  std::vector<int32_t> index, t_index;
  std::vector<uint8_t> type, t_type;

  TypedEdges forth() const { return {rows, row_start.data(), index.data(), type.data()}; }
};

void add_transpose(Edges& e) {
  std::vector<std::vector<std::pair<int32_t, uint8_t>>> back(e.sources);
  for (int64_t i = 0; i < e.rows; ++i)
    for (int64_t at = e.row_start[i]; at < e.row_start[i + 1]; ++at)
      back[e.index[at]].emplace_back(static_cast<int32_t>(i), e.type[at]);
  e.t_row_start = {0};
  for (const auto& row : back) {
    for (const auto& [i, type] : row) e.t_index.push_back(i), e.t_type.push_back(type);
    e.t_row_start.push_back(static_cast<int64_t>(e.t_index.size()));
  }
}

/// In-edges of random sources; types ascend within a row, but in every third, which has them mixed.
Edges random_edges(const std::vector<int64_t>& degrees, int64_t sources, int types) {
  Edges e;
  e.rows = static_cast<int64_t>(degrees.size()), e.sources = sources;
  for (const int64_t degree : degrees) {
    std::vector<uint8_t> row(degree);
    for (auto& t : row) t = static_cast<uint8_t>(numbers()() % types);
    if (e.row_start.size() % 3 != 0) std::sort(row.begin(), row.end());
    for (const uint8_t t : row) e.index.push_back(static_cast<int32_t>(numbers()() % sources)), e.type.push_back(t);
    e.row_start.push_back(static_cast<int64_t>(e.index.size()));
  }
  add_transpose(e);
  return e;
}

struct Shape {
  int64_t heads, head_width;
  int types = 3;
  float clamp = 8;
};

struct Results {
  std::vector<double> out, log_sum, scores, query, key_value, type_scale, type_bias;
};

/// A call's arrays on the host and what the reference makes of them.
template <class T>
struct Case {
  Edges edges;
  Shape shape;
  int64_t width;
  std::vector<T> query, key_value, grad;
  std::vector<float> type_scale, type_bias;

  Case(Edges of, const Shape& s) : edges(std::move(of)), shape(s), width(s.heads * s.head_width) {
    query = random_rows<T>(edges.rows * width), key_value = random_rows<T>(edges.sources * 2 * width),
    grad = random_rows<T>(edges.rows * width);
    type_scale = random_rows<float>(s.types * width, 1.5 / std::sqrt(static_cast<double>(s.head_width))),
    type_bias = random_rows<float>(s.types * s.heads);
  }

  Results expected(const std::vector<T>& device_out) const {
    const auto q = doubles(query), kv = doubles(key_value), g = doubles(grad), scale = doubles(type_scale),
               bias = doubles(type_bias);
    const SparseAttentionArgs<double, double> a{edges.rows,
                                                edges.sources,
                                                static_cast<int>(shape.heads),
                                                shape.head_width,
                                                shape.head_width,
                                                q.data(),
                                                width,
                                                kv.data(),
                                                2 * width,
                                                shape.types,
                                                scale.data(),
                                                bias.data(),
                                                shape.clamp};
    Results r{std::vector<double>(q.size()),
              std::vector<double>(edges.rows * shape.heads),
              std::vector<double>(edges.index.size() * shape.heads),
              std::vector<double>(q.size()),
              std::vector<double>(kv.size()),
              std::vector<double>(scale.size()),
              std::vector<double>(bias.size())};
    sparse_attention_forward_reference(a, edges.forth(), r.out.data(), r.log_sum.data());
    sparse_attention_scores_reference(a, edges.forth(), r.log_sum.data(), r.scores.data());
    const auto out = doubles(device_out);  // the rounded output enters delta
    sparse_attention_backward_reference(a, edges.forth(), out.data(), r.log_sum.data(), g.data(),
                                        {r.query.data(), r.key_value.data(), r.type_scale.data(), r.type_bias.data()});
    return r;
  }
};

template <class T>
struct OnDevice {
  std::vector<T> out, query, key_value;
  std::vector<float> log_sum, scores, type_scale, type_bias;

  bool operator==(const OnDevice& o) const {
    const auto same = [](const auto& a, const auto& b) {
      return std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
    };
    return same(out, o.out) && same(query, o.query) && same(key_value, o.key_value) && same(log_sum, o.log_sum) &&
           same(scores, o.scores) && same(type_scale, o.type_scale) && same(type_bias, o.type_bias);
  }
};

template <class T>
OnDevice<T> run(const Case<T>& c) {
  const Edges& e = c.edges;
  const DeviceArray<T> query(c.query), key_value(c.key_value), grad(c.grad);
  const DeviceArray<float> scale(c.type_scale), bias(c.type_bias);
  const DeviceArray<int64_t> row_start(e.row_start), t_row_start(e.t_row_start);
  const DeviceArray<int32_t> index(e.index), t_index(e.t_index);
  const DeviceArray<uint8_t> type(e.type), t_type(e.t_type);
  const SparseAttentionArgs<T> a{e.rows,
                                 e.sources,
                                 static_cast<int>(c.shape.heads),
                                 c.shape.head_width,
                                 c.shape.head_width,
                                 query.data(),
                                 c.width,
                                 key_value.data(),
                                 2 * c.width,
                                 c.shape.types,
                                 scale.data(),
                                 bias.data(),
                                 c.shape.clamp};
  const int64_t count = static_cast<int64_t>(e.index.size());
  const DeviceEdges forth{e.rows, count, e.degree ? nullptr : row_start.data(), index.data(), type.data(), e.degree};
  const DeviceEdges back{e.sources, static_cast<int64_t>(e.t_index.size()), t_row_start.data(), t_index.data(),
                         t_type.data()};
  const DeviceArray<T> out(c.query.size()), dq(c.query.size()), dkv(c.key_value.size());
  const DeviceArray<float> log_sum(e.rows * c.shape.heads), scores(count * c.shape.heads), dscale(c.type_scale.size()),
      dbias(c.type_bias.size());
  DeviceScratch held;
  const Scratch scratch = [&](size_t bytes) { return held(bytes); };
  sparse_attention_forward_cuda(a, forth, out.data(), log_sum.data(), scratch, nullptr);
  sparse_attention_scores_cuda(a, forth, log_sum.data(), scores.data(), nullptr);
  sparse_attention_backward_cuda(a, forth, back, out.data(), log_sum.data(), grad.data(),
                                 {dq.data(), dkv.data(), dscale.data(), dbias.data()}, scratch, nullptr);
  return {out.values(), dq.values(), dkv.values(), log_sum.values(), scores.values(), dscale.values(), dbias.values()};
}

template <class T>
double tolerance() {
  return std::is_same_v<T, float> ? 2e-5 : std::is_same_v<T, BFloat16> ? 6e-3 : 1e-3;
}

/// Relative to the array's largest value, 0.05 at least: some gradients are 0 by theory.
template <class T>
void expect_near(const char* what, const std::vector<T>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  double largest = 0.05, worst = 0;
  size_t at = 0;
  for (const double x : expected)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  for (size_t i = 0; i < found.size(); ++i) {
    const double f = widened(found[i]);
    if (f == expected[i]) continue;
    const double apart = std::abs(f - expected[i]);
    if (!(apart <= worst)) worst = apart, at = i;
  }
  EXPECT_LE(worst, tolerance * largest) << what << " at " << at << ": " << (found.empty() ? 0 : widened(found[at]))
                                        << ", expected " << expected[at];
}

template <class T>
void expect_reference(const Case<T>& c) {
  const OnDevice<T> found = run(c);
  const Results r = c.expected(found.out);
  const double t = tolerance<T>();
  expect_near("out", found.out, r.out, t);
  expect_near("log_sum", found.log_sum, r.log_sum, 2e-5);
  expect_near("scores", found.scores, r.scores, 2e-5);
  expect_near("query", found.query, r.query, t);
  expect_near("key_value", found.key_value, r.key_value, t);
  expect_near("type_scale", found.type_scale, r.type_scale, 2e-4);
  expect_near("type_bias", found.type_bias, r.type_bias, 2e-4);
}

const std::vector<int64_t> kMixed = {0, 1, 3, 17, 0, 40, 2, 5, 1, 31, 33, 64, 0};

template <class T>
class SparseAttentionCuda : public DeviceTest {};
using Types = testing::Types<float, BFloat16, Float16>;
TYPED_TEST_SUITE(SparseAttentionCuda, Types);

TYPED_TEST(SparseAttentionCuda, AgreesWithReferenceForEveryShape) {
  const int64_t least = 16 / sizeof(TypeParam);
  for (const Shape& shape : {Shape{1, 4}, Shape{1, 8}, Shape{2, 8}, Shape{4, 4}, Shape{1, 32}, Shape{4, 16},
                             Shape{8, 8}, Shape{4, 32}, Shape{1, 256}, Shape{2, 128}, Shape{8, 32},
                             Shape{1, 16, 1, INFINITY}, Shape{2, 32, 5, INFINITY}, Shape{4, 16, 3, 0.5f}}) {
    if (shape.head_width < least) continue;
    SCOPED_TRACE(testing::Message() << shape.heads << " heads of " << shape.head_width << ", clamp " << shape.clamp);
    expect_reference(Case<TypeParam>(random_edges(kMixed, 29, shape.types), shape));
    if (testing::Test::HasFailure()) return;
  }
}

TYPED_TEST(SparseAttentionCuda, LongRowsAreCutAndShortRowsShareAWarp) {
  std::vector<int64_t> degrees = {1000, 0, 257, 256, 3, 700, 1, 2, 513};    // pieces of 256 edges
  expect_reference(Case<TypeParam>(random_edges(degrees, 7, 3), {2, 16}));  // 7 sources: long rows backward too
  degrees.assign(300, 2);
  degrees[7] = 600;
  expect_reference(Case<TypeParam>(random_edges(degrees, 50, 3), {2, 16, 3, INFINITY}));
}

TYPED_TEST(SparseAttentionCuda, RegularRowsNeedNoRowStart) {
  Edges e = random_edges(std::vector<int64_t>(40, 10), 60, 3);
  e.degree = 10;
  expect_reference(Case<TypeParam>(std::move(e), {4, 16}));
}

TYPED_TEST(SparseAttentionCuda, SameBitsInEveryCall) {
  const Case<TypeParam> c(random_edges({1000, 0, 257, 3, 700, 1, 40, 40, 9}, 11, 3), {4, 8});
  EXPECT_TRUE(run(c) == run(c));
}

TYPED_TEST(SparseAttentionCuda, ManyTypesAndNone) {
  expect_reference(Case<TypeParam>(random_edges({9, 40, 300, 2}, 20, 200), {2, 64, 200}));
  expect_reference(Case<TypeParam>(random_edges({0, 0}, 20, 2), {2, 16, 2}));
  expect_reference(Case<TypeParam>(random_edges({}, 3, 2), {2, 16, 2}));
}

TEST(SparseAttentionCudaShapes, AreNamed) {
  EXPECT_TRUE(sparse_attention_cuda_takes(1, 4, 4));
  EXPECT_TRUE(sparse_attention_cuda_takes(8, 64, 2));
  EXPECT_FALSE(sparse_attention_cuda_takes(1, 4, 2));  // 8 bytes
  EXPECT_FALSE(sparse_attention_cuda_takes(3, 16, 4));
  EXPECT_FALSE(sparse_attention_cuda_takes(1, 24, 4));
  EXPECT_FALSE(sparse_attention_cuda_takes(8, 64, 4));  // 2 KiB
}

}  // namespace
}  // namespace graphsieve::kernels
