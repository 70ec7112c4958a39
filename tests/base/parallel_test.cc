#include "graphsieve/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

class Parallel : public ::testing::Test {
 protected:
  void TearDown() override { set_num_threads(2); }
};

TEST_F(Parallel, CallsEveryItemOnceAtAnyThreadCount) {
  for (int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    for (int64_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(count, [&](int64_t i) { ++calls[i]; });
      for (const auto& c : calls) ASSERT_EQ(c, 1) << threads << " threads, " << count << " items";
    }
  }
}

TEST_F(Parallel, BlocksCoverTheRangeWithoutOverlap) {
  for (int64_t count : {0, 1, 9, 10, 11, 95}) {
    std::vector<std::atomic<int>> calls(count);
    parallel_blocks(count, 10, [&](int64_t begin, int64_t end) {
      ASSERT_LE(end - begin, 10);
      for (int64_t i = begin; i < end; ++i) ++calls[i];
    });
    for (const auto& c : calls) ASSERT_EQ(c, 1);
  }
}

TEST_F(Parallel, RethrowsAnExceptionAndGoesOnWorking) {
  set_num_threads(4);
  EXPECT_THROW(parallel_for(100, [](int64_t i) { if (i == 42) throw std::runtime_error("no"); }), std::runtime_error);
  std::atomic<int64_t> sum{0};
  parallel_for(100, [&](int64_t i) { sum += i; });
  EXPECT_EQ(sum, 4950);
}

TEST_F(Parallel, NestedLoopsRunSerially) {
  set_num_threads(4);
  std::atomic<int> calls{0};
  parallel_for(8, [&](int64_t) { parallel_for(8, [&](int64_t) { ++calls; }); });
  EXPECT_EQ(calls, 64);
}

TEST_F(Parallel, LoopsOfSeveralCallersTakeTurns) {
  set_num_threads(3);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&] { for (int r = 0; r < 50; ++r) parallel_for(20, [&](int64_t i) { sum += i; }); });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 50 * 190);
}

TEST_F(Parallel, AnAbortHoldsUntilItIsCleared) {
  request_abort();
  EXPECT_THROW(parallel_for(10, [](int64_t) {}), Interrupted);
  clear_abort();
  int64_t calls = 0;
  set_num_threads(1);
  parallel_for(10, [&](int64_t) { ++calls; });
  EXPECT_EQ(calls, 10);
}

TEST_F(Parallel, RefusesAnImpossibleNumberOfThreads) {
  EXPECT_THROW(set_num_threads(0), Error);
  EXPECT_THROW(set_num_threads(100000), Error);
}

}  // namespace
}  // namespace graphsieve
