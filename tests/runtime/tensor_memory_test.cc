// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/runtime/tensor_memory.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace graphsieve {
namespace {

using at::Tensor;

Tensor bytes(int64_t count) { return at::empty({count}, at::kByte); }

class TensorMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    install_tensor_memory();
    start_ = tensor_bytes();
    reset_peak_tensor_bytes();
  }
  int64_t start_ = 0;
};

TEST_F(TensorMemory, CountsExactlyWhatIsAsked) {
  for (int64_t size : {1, 63, 64, 4096, 65471, 65472, 65536, 1000003, 50000000}) {
    const Tensor t = bytes(size);
    EXPECT_EQ(tensor_bytes() - start_, size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(t.const_data_ptr()) % 64, 0u) << size;
  }
  EXPECT_EQ(tensor_bytes(), start_);
  EXPECT_EQ(peak_tensor_bytes() - start_, 50000000);
}

TEST_F(TensorMemory, PeakIsTheMostAtOnce) {
  {
    const Tensor a = bytes(100000), b = bytes(300);
    {
      const Tensor c = bytes(5000);
    }
    const Tensor d = bytes(4000);
  }
  EXPECT_EQ(peak_tensor_bytes() - start_, 105300);
}

TEST_F(TensorMemory, ResetTakesWhatIsAliveAsThePeak) {
  const Tensor kept = bytes(1000);
  {
    const Tensor gone = bytes(200000);
  }
  EXPECT_EQ(peak_tensor_bytes() - start_, 201000);
  reset_peak_tensor_bytes();
  EXPECT_EQ(peak_tensor_bytes() - start_, 1000);
}

TEST_F(TensorMemory, FreedBlocksAreReused) {
  const void* first;
  {
    const Tensor t = bytes(3000000);
    first = t.const_data_ptr();
  }
  const Tensor again = bytes(3000000);
  EXPECT_EQ(again.const_data_ptr(), first);
  const Tensor other = bytes(3000000);
  EXPECT_NE(other.const_data_ptr(), first);
}

TEST_F(TensorMemory, TensorsDoNotOverlap) {
  std::vector<Tensor> all;
  for (int64_t i = 0; i < 200; ++i) all.push_back(at::full({1 + i * 997}, static_cast<int>(i), at::kByte));
  for (int64_t i = 0; i < 200; i += 2) all[i] = at::full({1 + i * 991}, static_cast<int>(i), at::kByte);
  for (int64_t i = 0; i < 200; ++i) EXPECT_TRUE((all[i] == i).all().item<bool>()) << i;
}

TEST_F(TensorMemory, ResizingAndEmptyTensorsAreCounted) {
  {
    Tensor t = bytes(0);
    EXPECT_EQ(tensor_bytes(), start_);
    t.resize_({70000});
    EXPECT_EQ(tensor_bytes() - start_, 70000);
  }
  EXPECT_EQ(tensor_bytes(), start_);
}

TEST_F(TensorMemory, CountsOverThreads) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([] {
      for (int i = 0; i < 300; ++i) {
        const Tensor small = bytes(100 + i), large = bytes(70000 + 1000 * i);
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(tensor_bytes(), start_);
  EXPECT_GE(peak_tensor_bytes() - start_, 70000);
}

}  // namespace
}  // namespace graphsieve
