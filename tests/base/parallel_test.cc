// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kForks = false;  // the thread sanitizer ends a forked child that starts a thread
#else
constexpr bool kForks = true;
#endif

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
  EXPECT_THROW(parallel_for(100,
                            [](int64_t i) {
                              if (i == 42) throw std::runtime_error("no");
                            }),
               std::runtime_error);
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
    callers.emplace_back([&] {
      for (int r = 0; r < 50; ++r) parallel_for(20, [&](int64_t i) { sum += i; });
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 50 * 190);
}

// Most threads have not begun when the caller is done with the items, so that their loops are taken back.
TEST_F(Parallel, ManyShortLoopsOfMoreThreadsThanCores) {
  set_num_threads(24);
  for (int64_t r = 0; r < 5000; ++r) {
    const int64_t count = 2 + r % 40;
    std::atomic<int64_t> sum{0};
    parallel_for(count, [&](int64_t i) { sum += i; });
    ASSERT_EQ(sum, count * (count - 1) / 2) << r;
  }
}

TEST_F(Parallel, WorkOnTheSideAndOtherWorkShareTheThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    std::atomic<int> at_work{0}, most{0};
    std::atomic<int64_t> sums[2] = {0, 0};
    const auto loops = [&](int side) {
      for (int r = 0; r < 300; ++r)
        parallel_for(20, [&, side](int64_t i) {
          const int now = ++at_work;
          for (int before = most; before < now && !most.compare_exchange_weak(before, now);) continue;
          sums[side] += i;
          --at_work;
        });
    };
    std::atomic<bool> began{false};
    std::thread side([&] {
      const SideLoops on_the_side;
      began = true;
      loops(1);
    });
    while (!began) std::this_thread::yield();
    loops(0);
    side.join();
    EXPECT_EQ(sums[0], 300 * 190) << threads;
    EXPECT_EQ(sums[1], 300 * 190) << threads;
    EXPECT_LE(most, std::max(threads, 2)) << threads;
  }
  const SideLoops on_the_side;
  EXPECT_THROW(set_num_threads(5), Error);
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

/// Exit code of a forked child that runs `body`: 0 where it returned true; -1 where it did not end within a minute.
int forked(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  for (int tries = 0; tries < 6000; ++tries) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return -1;
}

bool sums() {
  std::atomic<int64_t> sum{0};
  parallel_for(100, [&](int64_t i) { sum += i; });
  return sum == 4950;
}

TEST_F(Parallel, AForkedChildHasAPoolOfItsOwn) {
  if (!kForks) GTEST_SKIP() << "not under the thread sanitizer";
  for (int threads : {1, 2, 5}) {
    set_num_threads(threads);
    ASSERT_TRUE(sums());
    EXPECT_EQ(forked([&] { return num_threads() == threads && sums(); }), 0) << threads;
    EXPECT_EQ(forked([] { return sums() && forked([] { return sums(); }) == 0 && sums(); }), 0) << threads;
    EXPECT_EQ(forked([] { return set_num_threads(3), sums(); }), 0) << threads;
    EXPECT_TRUE(sums());
  }
}

TEST_F(Parallel, AForkedChildOfWorkOnTheSideHasNoSide) {
  if (!kForks) GTEST_SKIP() << "not under the thread sanitizer";
  set_num_threads(4);
  EXPECT_EQ(forked([] {
              auto side = std::make_unique<SideLoops>();
              if (!sums()) return false;
              return forked([&] { return sums() && (side.reset(), sums()); }) == 0 && sums();
            }),
            0);
}

TEST_F(Parallel, ForksWhileAnotherThreadIsInALoop) {
  if (!kForks) GTEST_SKIP() << "not under the thread sanitizer";
  set_num_threads(3);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) parallel_for(64, [](int64_t) { std::this_thread::sleep_for(std::chrono::microseconds(50)); });
  });
  for (int round = 0; round < 20; ++round) EXPECT_EQ(forked([] { return sums(); }), 0);
  stop = true;
  other.join();
  EXPECT_TRUE(sums());
}

TEST_F(Parallel, AForkWithinALoopIsAnErrorInTheChild) {
  if (!kForks) GTEST_SKIP() << "not under the thread sanitizer";
  set_num_threads(3);
  pid_t child = -1;
  const pid_t parent = getpid();
  const std::thread::id caller = std::this_thread::get_id();
  try {
    parallel_for(1000, [&](int64_t) {
      if (child < 0 && std::this_thread::get_id() == caller) child = fork();
      std::this_thread::sleep_for(std::chrono::microseconds(10));
    });
    if (getpid() != parent) _exit(7);
  } catch (const Error&) {
    _exit(getpid() != parent ? 0 : 8);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Parallel, TheNumberOfThreadsStaysWithinALoop) {
  set_num_threads(2);
  EXPECT_THROW(parallel_for(4, [](int64_t) { set_num_threads(3); }), Error);
  EXPECT_EQ(num_threads(), 2);
}

TEST_F(Parallel, RefusesAnImpossibleNumberOfThreads) {
  EXPECT_THROW(set_num_threads(0), Error);
  EXPECT_THROW(set_num_threads(100000), Error);
}

}  // namespace
}  // namespace graphsieve
