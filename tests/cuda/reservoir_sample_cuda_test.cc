// SPDX-License-Identifier: Apache-2.0
// The .cu kernel of reservoir_sample against the reference: the same edges, bit for bit.
#include "graphsieve/ops/reservoir_sample/reservoir_sample_cuda.h"

#include <algorithm>

#include "device_testing.h"
#include "graphsieve/base/error.h"

namespace graphsieve::kernels {
namespace {

using ReservoirSampleCuda = DeviceTest;

struct Rows {
  std::vector<int64_t> row_start = {0};
  std::vector<int32_t> index;
  std::vector<uint8_t> type;
  std::vector<float> weight;
};

/// Sources and types ascend; every seventh edge appears twice; some weights are 0, some alike.
Rows rows_of(const std::vector<int64_t>& degrees) {
  Rows g;
  for (size_t i = 0; i < degrees.size(); ++i) {
    for (int64_t e = 0; e < degrees[i]; ++e) {
      const uint64_t x = random_key(3, i, e);
      g.type.push_back(static_cast<uint8_t>(3 * e / degrees[i]));
      g.index.push_back(e > 0 && e % 7 == 0 ? g.index.back() : static_cast<int32_t>(x % 100000));
      g.weight.push_back(x % 11 == 0 ? 0 : x % 5 == 0 ? 0.25f : static_cast<float>(uniform(mix64(x))));
    }
    g.row_start.push_back(static_cast<int64_t>(g.index.size()));
  }
  return g;
}

void expect_reference(const Rows& g, const std::vector<int32_t>& rows, int64_t k, SampleRule rule) {
  const int64_t count = rows.empty() ? static_cast<int64_t>(g.row_start.size()) - 1 : static_cast<int64_t>(rows.size());
  ReservoirArgs a{g.row_start.data(),
                  g.index.data(),
                  g.type.data(),
                  g.weight.data(),
                  rows.empty() ? nullptr : rows.data(),
                  count,
                  static_cast<int64_t>(g.index.size()),
                  k,
                  rule,
                  random_key(9, k)};
  std::vector<int32_t> index(count * k), position(count * k);
  reservoir_sample_reference(a, index.data(), position.data());

  const DeviceArray<int64_t> row_start(g.row_start);
  const DeviceArray<int32_t> sources(g.index), of(rows), found_index(index.size()), found_position(index.size());
  const DeviceArray<uint8_t> types(g.type);
  const DeviceArray<float> weight(g.weight);
  a.row_start = row_start.data(), a.index = sources.data(), a.type = types.data(), a.weight = weight.data();
  if (a.rows) a.rows = of.data();
  reservoir_sample_cuda(a, found_index.data(), found_position.data(), nullptr);
  EXPECT_EQ(found_index.values(), index) << "k " << k;
  EXPECT_EQ(found_position.values(), position) << "k " << k;
}

TEST_F(ReservoirSampleCuda, TheSameEdgesAsOnTheCpu) {
  const Rows g = rows_of({0, 1, 2, 9, 10, 11, 31, 32, 33, 64, 65, 300, 0, 1000, 5});
  for (const SampleRule rule : {SampleRule::kWeighted, SampleRule::kUniform, SampleRule::kLargest})
    for (const int64_t k : {1, 3, 10, 31, 32, 33, 64, 100, 128, 200, 256}) expect_reference(g, {}, k, rule);
}

TEST_F(ReservoirSampleCuda, OfNamedRows) {
  const Rows g = rows_of({4, 0, 40, 200, 3});
  expect_reference(g, {3, 1, 2, 2, 4, 0}, 8, SampleRule::kWeighted);
}

TEST_F(ReservoirSampleCuda, AHub) { expect_reference(rows_of({3, 20000, 2}), {}, 16, SampleRule::kWeighted); }

TEST_F(ReservoirSampleCuda, RefusesMoreThanItHolds) {
  ReservoirArgs a{};
  a.k = kMostSampled + 1;
  EXPECT_THROW(reservoir_sample_cuda(a, nullptr, nullptr, nullptr), Error);
}

}  // namespace
}  // namespace graphsieve::kernels
