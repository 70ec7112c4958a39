// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/large_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

class LargeMemory : public ::testing::Test {
 protected:
  void SetUp() override { before_ = memory_use(); }
  void TearDown() override { set_memory_limit(0, {}); }

  /// So much more RAM than is held now.
  void limit(int64_t bytes) { set_memory_limit(memory_use().ram + bytes, std::filesystem::temp_directory_path()); }

  MemoryUse before_;
};

TEST_F(LargeMemory, FreedBlocksAreReused) {
  void* first = take_block(3 * kMiB);
  give_block(first, 3 * kMiB);
  void* second = take_block(3 * kMiB);
  EXPECT_EQ(first, second);
  give_block(second, 3 * kMiB);
}

TEST_F(LargeMemory, FreedBlocksServeSomewhatSmallerOnes) {
  trim_memory();
  const int64_t ram = memory_use().ram;
  void* first = take_block(100 * kMiB);
  give_block(first, 100 * kMiB);
  void* second = take_block(90 * kMiB);
  EXPECT_EQ(first, second);
  EXPECT_EQ(memory_use().ram - ram, static_cast<int64_t>(104 * kMiB)) << "a block counts by its own size";
  give_block(second, 90 * kMiB);
  void* third = take_block(100 * kMiB);
  EXPECT_EQ(first, third) << "and is free by its own size again";
  void* other = take_block(60 * kMiB);
  give_block(third, 100 * kMiB);
  void* fourth = take_block(60 * kMiB);
  EXPECT_NE(fourth, third) << "much larger ones wait for their like";
  give_block(fourth, 60 * kMiB);
  give_block(other, 60 * kMiB);
}

TEST_F(LargeMemory, AGraphGivesWayToWhatIsReadAtRandom) {
  trim_memory();
  limit(64 * kMiB);
  void *ram, *scratch;
  {
    const ScratchFirst read_in_order;
    scratch = take_block(memory_use().ram / 8 + 16 * kMiB);
    ram = take_block(2 * kMiB);  // small ones stay
  }
  EXPECT_EQ(memory_use().scratch - before_.scratch, static_cast<int64_t>(16 * kMiB));
  give_block(ram, 2 * kMiB);
  give_block(scratch, 16 * kMiB);
}

TEST_F(LargeMemory, AboveTheLimitBlocksLieInScratchFiles) {
  give_block(take_block(8 * kMiB), 8 * kMiB);  // something to give back to the system
  limit(4 * kMiB);
  void* ram = take_block(10 * kMiB);  // its room: what waits for reuse, and the limit's
  void* scratch = take_block(10 * kMiB);
  EXPECT_EQ(memory_use().scratch - before_.scratch, static_cast<int64_t>(10 * kMiB));
  std::memset(ram, 1, 10 * kMiB);
  std::memset(scratch, 2, 10 * kMiB);
  EXPECT_EQ(static_cast<char*>(ram)[5 * kMiB], 1);
  EXPECT_EQ(static_cast<char*>(scratch)[10 * kMiB - 1], 2);
  void* small = take_block(kMiB / 2);  // small ones are never in a file
  give_block(small, kMiB / 2);
  give_block(scratch, 10 * kMiB);
  EXPECT_EQ(memory_use().scratch, before_.scratch);
  EXPECT_GE(memory_use().peak_scratch, static_cast<int64_t>(10 * kMiB));
  give_block(ram, 10 * kMiB);
}

TEST_F(LargeMemory, FreedBlocksOfOtherSizesAreGivenBack) {
  for (size_t size = 100; size < 160; size += 10) give_block(take_block(size * kMiB), size * kMiB);
  EXPECT_LT(memory_use().ram - before_.ram, static_cast<int64_t>(320 * kMiB));
  trim_memory();
  EXPECT_LE(memory_use().ram, before_.ram);
}

TEST_F(LargeMemory, AFolderThatIsNotThereIsNamed) {
  set_memory_limit(1, "/no/such/folder");
  try {
    take_block(30 * kMiB);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder: cannot make a scratch file"), std::string::npos);
  }
}

TEST_F(LargeMemory, MoreThanTheDiskHolds) {
  limit(0);
  EXPECT_THROW(take_block(size_t{1} << 60), std::exception);
}

TEST_F(LargeMemory, AForkedChildTakesBlocksAndHasNoLimit) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "not under the thread sanitizer";
#endif
  limit(kMiB);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) give_block(take_block(kMiB / 4), kMiB / 4);
  });
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);  // ends a child that hangs
      void* block = take_block(8 * kMiB);
      std::memset(block, 1, 8 * kMiB);
      _exit(memory_limit() == 0 && memory_use().scratch == before_.scratch ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "round " << round << ", status " << status;
  }
  stop = true;
  other.join();
  EXPECT_GT(memory_limit(), 0);
}

TEST_F(LargeMemory, VectorsGrow) {
  limit(2 * kMiB);
  LargeVector<int32_t> numbers;
  for (int32_t i = 0; i < 4000000; ++i) numbers.push_back(i);
  for (int32_t i = 0; i < 4000000; i += 1000) ASSERT_EQ(numbers[i], i);
  EXPECT_GT(memory_use().scratch, before_.scratch);
}

}  // namespace
}  // namespace graphsieve
