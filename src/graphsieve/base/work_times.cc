// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/work_times.h"

#include <atomic>
#include <chrono>
#include <mutex>

namespace graphsieve {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> counting{false};

/// Adds up the time for each number of threads at work.
class Meter {
 public:
  /// Changes the number of threads at work.
  void change(int by) {
    const std::lock_guard lock(mutex_);
    add();
    working_ += by;
  }

  std::vector<double> seconds() {
    const std::lock_guard lock(mutex_);
    add();
    return seconds_;
  }

  void start() {
    const std::lock_guard lock(mutex_);
    last_ = Clock::now();
  }

 private:
  /// Adds the time since the last change.
  void add() {
    const Clock::time_point now = Clock::now();
    if (working_ >= static_cast<int>(seconds_.size())) seconds_.resize(working_ + 1, 0);
    seconds_[working_] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

  std::mutex mutex_;
  int working_ = 0;
  Clock::time_point last_;
  std::vector<double> seconds_;
};

Meter& meter() {
  static Meter* const all = new Meter;  // never destroyed: threads may still work while the process exits
  return *all;
}

thread_local bool works = false;

/// Sets whether the calling thread works, and returns what it was.
bool set_works(bool now) {
  const bool before = works;
  if (!counting.load(std::memory_order_relaxed) || now == before) return before;
  works = now;
  meter().change(now ? 1 : -1);
  return before;
}

}  // namespace

void count_work() {
  if (counting.load()) return;
  meter().start();
  counting.store(true);
}

std::vector<double> work_seconds() { return meter().seconds(); }

WorkState::WorkState(bool now) : before_(set_works(now)) {}
WorkState::~WorkState() { set_works(before_); }

}  // namespace graphsieve
