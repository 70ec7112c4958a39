// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/torch_settings.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/runtime/tensor_memory.h"

namespace graphsieve {
namespace {

TEST(TorchSettings, HoldForItsLifeAndNest) {
  c10::Allocator* const allocator = c10::GetCPUAllocator();
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  c10::set_default_dtype(caffe2::TypeMeta::Make<double>());
  at::Tensor kept;
  const int64_t before = tensor_bytes();
  {
    const TorchSettings outer;
    {
      const TorchSettings inner;
    }
    kept = torch::zeros({1000});
    EXPECT_EQ(kept.scalar_type(), at::kFloat);
    EXPECT_EQ(at::get_num_threads(), 1);
    EXPECT_EQ(tensor_bytes() - before, 4000);
  }
  EXPECT_EQ(c10::GetCPUAllocator(), allocator);
  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_EQ(torch::zeros({1000}).scalar_type(), at::kDouble);
  EXPECT_EQ(tensor_bytes() - before, 4000) << "tensors are still counted";
  EXPECT_EQ(kept.sum().item<float>(), 0);
  kept.reset();
  EXPECT_EQ(tensor_bytes(), before);
  c10::set_default_dtype(caffe2::TypeMeta::Make<float>());
  at::set_num_threads(threads);
}

}  // namespace
}  // namespace graphsieve
