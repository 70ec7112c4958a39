// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/work_times.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

void take_time() { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }

/// Returns what element `n` grows by while `work` runs.
template <class Work>
double growth(size_t n, const Work& work) {
  const auto at = [n] {
    const std::vector<double> seconds = work_seconds();
    return n < seconds.size() ? seconds[n] : 0;
  };
  const double before = at();
  work();
  return at() - before;
}

TEST(WorkTimes, CountsThreadsThatWorkAtOnce) {
  count_work();
  set_num_threads(2);
  const auto loop = [](int64_t items) { parallel_for(items, [](int64_t) { take_time(); }); };
  const Working working;
  EXPECT_GT(growth(1, take_time), 0.05);
  EXPECT_GT(growth(2, [&] { loop(2); }), 0.04);
  EXPECT_GT(growth(1, [&] { loop(3); }), 0.04);  // the third item is one thread's alone
  EXPECT_GT(growth(0,
                   [] {
                     const Waiting waiting;
                     take_time();
                   }),
            0.05);
  EXPECT_LT(growth(2, take_time), 0.01);
  EXPECT_GT(growth(1,
                   [] {
                     const Working again;  // the thread works already, and is one thread
                     take_time();
                   }),
            0.05);
}

}  // namespace
}  // namespace graphsieve
