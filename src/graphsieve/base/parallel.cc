// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/usable_cores.h"
#include "graphsieve/base/work_times.h"

namespace graphsieve {
namespace {

thread_local bool inside_loop = false;

std::atomic<bool> aborted{false};

/// Throws if the current loop must stop: a mapped file became shorter, or request_abort() was called.
void check_abort() {
  if (mapped_file_lost()) require_mapped_files();
  if (aborted.load(std::memory_order_relaxed)) throw Interrupted();
}

using Hooks = std::vector<std::function<void()>>;

Hooks& pool_start_hooks() {
  static Hooks hooks;
  return hooks;
}

Hooks& thread_start_hooks() {
  static Hooks hooks;
  return hooks;
}

/// One call of parallel_for. Each thread takes its next item from an atomic counter, so threads that finish early take
/// more.
struct Loop {
  Loop(int64_t item_count, const std::function<void(int64_t)>& item_body) : count(item_count), body(item_body) {}

  void work() {
    const Working working;
    inside_loop = true;
    for (int64_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      try {
        check_abort();
        body(item);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
        next.store(count, std::memory_order_relaxed);
      }
    }
    inside_loop = false;
  }

  const int64_t count;
  const std::function<void(int64_t)>& body;
  std::atomic<int64_t> next{0};
  std::mutex error_mutex;
  std::exception_ptr error;
};

/// The threads of the pool. Each call of run() increases `generation_`, which wakes the threads; each thread then works
/// on the loop until its items are used up and decreases `running_`. Both waits spin for a moment before they sleep,
/// since loops often follow one another within microseconds.
class Pool {
 public:
  explicit Pool(int workers) {
    for (auto& hook : pool_start_hooks()) hook();
    for (int w = 0; w < workers; ++w) threads_.emplace_back([this] { serve(); });
  }

  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  /// Runs the loop in the calling thread and in all threads of the pool, and returns when each of them has finished.
  void run(Loop& loop) {
    {
      std::lock_guard lock(mutex_);
      loop_ = &loop;
      running_ = static_cast<int>(threads_.size());
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    loop.work();
    if (lost_.load(std::memory_order_relaxed))
      throw Error(
          "the process was forked inside a parallel loop; the items of the parent's other threads are missing here");
    const Waiting waiting;
    for (int spin = 0; spin < kSpins && running_.load(std::memory_order_acquire) > 0; ++spin) pause();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_.load(std::memory_order_acquire) == 0; });
    loop_ = nullptr;
  }

  /// Called in a forked child, where the pool has no threads: a loop that the calling thread is running must not wait
  /// for them.
  void lose_threads() { lost_.store(true, std::memory_order_relaxed); }

 private:
  // Some 200 microseconds: long enough for the serial work between two loops of a training step, short enough to leave
  // the core to others. With a tenth of it, threads slept between
  // loops, and waking them took some hundredths of a run.
  static constexpr int kSpins = 10000;

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  void serve() {
    for (auto& hook : thread_start_hooks()) hook();
    uint64_t seen = 0;
    for (;;) {
      for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen; ++spin) pause();
      Loop* loop = nullptr;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        seen = generation_.load(std::memory_order_acquire);
        if (stopping_) return;
        loop = loop_;
      }
      loop->work();
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::lock_guard lock(mutex_);
        done_.notify_all();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> running_{0};
  std::atomic<bool> lost_{false};  ///< true in a forked child, whose parent kept the threads
  bool stopping_ = false;
  Loop* loop_ = nullptr;
  std::vector<std::thread> threads_;
};

constexpr int kMostThreads = 1024;

/// The pool of the process. Threads that call parallel_for at the same time take turns by locking the mutex.
struct Shared {
  std::mutex mutex;  ///< locked while a loop runs
  std::unique_ptr<Pool> pool;
};

std::atomic<int> wanted_threads{0};  ///< 0: not yet determined

/// This object is never destroyed, since a thread may still run a loop while the process exits.
std::atomic<Shared*> shared{new Shared};

/// Prepares a forked child, which has only the forking thread, with every lock in the state that it had in the parent
/// at the fork. The child therefore leaves the parent's pool and lock untouched and begins with new ones. Its own
/// threads start with its first loop.
void start_anew_in_child() {
  Shared* before = shared.exchange(new Shared);
  if (inside_loop && before->pool) before->pool->lose_threads();
  aborted.store(false);
}

[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, start_anew_in_child);

}  // namespace

int num_threads() {
  int count = wanted_threads.load();
  if (count > 0) return count;
  const int usable = std::min(default_threads(), kMostThreads);
  return wanted_threads.compare_exchange_strong(count, usable) ? usable : count;
}

void set_num_threads(int count) {
  if (count < 1 || count > kMostThreads) throw Error("number of threads is ", count, ", expected 1 to ", kMostThreads);
  if (inside_loop) throw Error("the number of threads cannot change inside a parallel loop");
  Shared& now = *shared.load();
  std::lock_guard lock(now.mutex);
  if (count != wanted_threads.load()) now.pool.reset();
  wanted_threads.store(count);
}

void on_pool_thread_start(std::function<void()> hook) { thread_start_hooks().push_back(std::move(hook)); }
void on_pool_start(std::function<void()> hook) { pool_start_hooks().push_back(std::move(hook)); }

void request_abort() noexcept { aborted.store(true); }
void clear_abort() noexcept { aborted.store(false); }

SerialLoops::SerialLoops() : before_(inside_loop) { inside_loop = true; }
SerialLoops::~SerialLoops() { inside_loop = before_; }

void parallel_for(int64_t count, const std::function<void(int64_t)>& body) {
  if (count <= 0) return;
  if (inside_loop || count == 1 || num_threads() == 1) {
    for (int64_t item = 0; item < count; ++item) {
      check_abort();
      body(item);
    }
    return;
  }
  Shared& now = *shared.load();
  std::unique_lock lock(now.mutex, std::defer_lock);
  {
    const Waiting waiting;
    lock.lock();
  }
  if (!now.pool) now.pool = std::make_unique<Pool>(num_threads() - 1);
  Loop loop(count, body);
  now.pool->run(loop);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace graphsieve
