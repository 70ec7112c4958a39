// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/operation_times.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "graphsieve/base/work_times.h"

namespace graphsieve {
namespace {

TEST(OperationTimes, OfAnOperationWithoutThoseThatItCalls) {
  for (int run = 0; run < 2; ++run) count_work(), watch_operations();  // as several runs of one process do
  const torch::NoGradGuard no_grad;
  const Working working;
  const at::Tensor a = at::rand({400, 400});
  at::Tensor b = a;
  for (int i = 0; i < 20; ++i) b = at::linear(b, a) / 400;  // linear calls addmm or matmul
  const auto found = alone_seconds();
  const std::map<std::string, double> of(found.begin(), found.end());
  double sum = 0;
  for (const auto& [name, seconds] : found) sum += seconds;
  EXPECT_LE(sum, work_seconds()[1] + 1e-9);
  EXPECT_GT(sum, 0);
  EXPECT_GE(found.front().second, found.back().second);
  ASSERT_TRUE(of.contains("aten::linear"));
  EXPECT_LT(of.at("aten::linear"), sum / 2);  // the products are inside of what it calls
}

}  // namespace
}  // namespace graphsieve
