// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/gather_rows/gather_rows.h"

#include "graphsieve/ops/gather_rows/gather_rows_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using at::Tensor;

TEST(GatherRows, IsIndexSelectForEveryType) {
  torch::manual_seed(1);
  for (const int64_t columns : {0, 1, 3, 100, 5000})
    for (const auto type : {at::kFloat, at::kHalf, at::kBFloat16, at::kByte, at::kDouble}) {
      const Tensor x = at::randint(100, {300, columns}).to(type),
                   rows = at::randint(300, {columns > 1000 ? 50 : 9001}).to(at::kInt);
      const Tensor picked = ops::gather_rows(x, rows);
      EXPECT_TRUE(picked.equal(x.index_select(0, rows))) << columns << " " << type;
      Tensor expected = at::empty_like(picked);
      kernels::gather_rows_reference({static_cast<const std::byte*>(x.const_data_ptr()), columns * x.element_size(),
                                      rows.const_data_ptr<int32_t>(), rows.size(0),
                                      static_cast<std::byte*>(expected.mutable_data_ptr())});
      EXPECT_TRUE(picked.equal(expected));
    }
  EXPECT_EQ(ops::gather_rows(at::randn({3, 2}), at::empty({0}, at::kInt)).sizes(), (std::vector<int64_t>{0, 2}));
}

TEST(GatherRows, StridedInputAndMetaTensors) {
  const Tensor x = at::randn({40, 30}).t(), rows = at::randint(30, {100}).to(at::kInt);
  EXPECT_TRUE(ops::gather_rows(x, rows).equal(x.index_select(0, rows)));
  const Tensor meta = ops::gather_rows(x.to(at::kMeta), rows.to(at::kMeta));
  EXPECT_EQ(meta.sizes(), (std::vector<int64_t>{100, 40}));
}

TEST(GatherRows, RefusesWhatDoesNotFit) {
  const Tensor x = at::randn({4, 3});
  const auto rows = [](std::vector<int32_t> of) { return at::tensor(of); };
  EXPECT_THROW(ops::gather_rows(x, rows({0, 4})), c10::Error);
  EXPECT_THROW(ops::gather_rows(x, rows({-1})), c10::Error);
  EXPECT_THROW(ops::gather_rows(x, rows({0}).to(at::kLong)), c10::Error);
  EXPECT_THROW(ops::gather_rows(x[0], rows({0})), c10::Error);
}

}  // namespace
}  // namespace graphsieve
