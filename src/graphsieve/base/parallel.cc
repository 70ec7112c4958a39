// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <latch>
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
thread_local bool on_the_side = false;  ///< true: the thread has a SideLoops object

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
  std::atomic<int> running{0};  ///< threads of the pool that have not finished the loop
  std::mutex error_mutex;
  std::exception_ptr error;
};

/// Consecutive threads of the pool: first, …, last − 1.
struct Team {
  int first, last;
};

/// The threads of the pool. run() gives a loop to each thread of a team; the threads work on it until its items are
/// used up. run() takes the loop back from threads that have not begun by then, so that it never waits for a thread
/// that another process keeps from a core. Both waits, of a thread for a loop and of run() for the threads, spin for a
/// moment before they sleep, since loops often follow one another within microseconds. They sleep at once while more
/// threads are awake than there are usable cores: a thread that spins would then keep another from its work.
class Pool {
 public:
  /// Returns when all threads have started: run() does not wait for each of them, and a process that exits must not
  /// meet a thread in its hooks.
  explicit Pool(int workers) : started_(workers) {
    for (auto& hook : pool_start_hooks()) hook();
    for (int w = 0; w < workers; ++w) {
      Worker& worker = workers_.emplace_back();
      worker.thread = std::thread([this, &worker] { serve(worker); });
    }
    started_.wait();
  }

  ~Pool() {
    stopping_.store(true);
    for (Worker& worker : workers_) {
      const std::lock_guard lock(worker.mutex);
      worker.wake.notify_one();
    }
    for (Worker& worker : workers_) worker.thread.join();
  }

  int workers() const { return static_cast<int>(workers_.size()); }

  /// Says that the number of threads that call run() changes by `change`. It is one at first.
  void change_callers(int change) { awake_.fetch_add(change, std::memory_order_relaxed); }

  /// Runs the loop in the calling thread and in the threads of the team, as far as there are items for them, and
  /// returns when all items are done. The team must not have another loop.
  void run(Loop& loop, Team team) {
    team.last = static_cast<int>(std::min<int64_t>(team.last, team.first + loop.count - 1));
    if (team.first == team.last) return loop.work();
    loop.running.store(team.last - team.first);
    for (int w = team.first; w < team.last; ++w) workers_[w].give(loop);
    loop.work();
    if (lost_.load(std::memory_order_relaxed))
      throw Error(
          "the process was forked inside a parallel loop; the items of the parent's other threads are missing here");
    for (int w = team.first; w < team.last; ++w)
      if (workers_[w].take()) loop.running.fetch_sub(1, std::memory_order_relaxed);
    const Waiting waiting;
    spin_until([&loop] { return loop.running.load(std::memory_order_acquire) == 0; });
    std::unique_lock lock(done_mutex_);
    done_.wait(lock, [&loop] { return loop.running.load(std::memory_order_acquire) == 0; });
  }

  /// Called in a forked child, where the pool has no threads: a loop that the calling thread is running must not wait
  /// for them.
  void lose_threads() { lost_.store(true, std::memory_order_relaxed); }

 private:
  // Some 200 microseconds: long enough for the serial work between two loops of a training step, short enough to leave
  // the core to others. With a tenth of it, threads slept between loops, and waking them took some hundredths of a run.
  static constexpr int kSpins = 10000;

  struct Worker {
    void give(Loop& to) {
      {
        const std::lock_guard lock(mutex);
        loop.store(&to, std::memory_order_release);
      }
      wake.notify_one();
    }

    /// Returns the loop that the thread has been given and has not begun, and makes it the caller's; null if none.
    Loop* take() { return loop.exchange(nullptr, std::memory_order_acq_rel); }

    std::atomic<Loop*> loop{nullptr};  ///< the loop to work on; null: none
    std::mutex mutex;                  ///< held to set the loop, and to sleep
    std::condition_variable wake;
    std::thread thread;
  };

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  /// Returns when done() is true, or else when the calling thread should sleep.
  template <typename Done>
  void spin_until(const Done& done) const {
    for (int spin = 0; spin < kSpins && !done() && awake_.load(std::memory_order_relaxed) <= cores_; ++spin) pause();
  }

  void serve(Worker& self) {
    for (auto& hook : thread_start_hooks()) hook();
    awake_.fetch_add(1, std::memory_order_relaxed);
    started_.count_down();
    const auto has_loop = [&self] { return self.loop.load(std::memory_order_acquire) != nullptr; };
    while (!stopping_.load()) {
      spin_until(has_loop);
      if (!has_loop()) {
        awake_.fetch_sub(1, std::memory_order_relaxed);
        std::unique_lock lock(self.mutex);
        self.wake.wait(lock, [&] { return has_loop() || stopping_.load(); });
        awake_.fetch_add(1, std::memory_order_relaxed);
      }
      Loop* const loop = self.take();
      if (!loop) continue;  // run() has taken it back, or the pool stops
      loop->work();
      // After the last thread's decrement the loop may be gone.
      if (loop->running.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::lock_guard lock(done_mutex_);
        done_.notify_all();
      }
    }
  }

  std::latch started_;
  const int cores_ = usable_cores();
  std::atomic<int> awake_{1};  ///< number of threads that call run(), and of the pool's that do not sleep
  std::mutex done_mutex_;
  std::condition_variable done_;   ///< notified when all threads have finished a loop
  std::atomic<bool> lost_{false};  ///< true in a forked child, whose parent kept the threads
  std::atomic<bool> stopping_{false};
  std::deque<Worker> workers_;  ///< a deque, because workers do not move
};

constexpr int kMostThreads = 1024;

/// The pool of the process. Threads that call parallel_for at the same time take turns: those with SideLoops among each
/// other, and all others.
struct Shared {
  std::mutex mutex;       ///< locked while a loop runs that is not on the side, and to change the members below
  std::mutex side_mutex;  ///< locked while a loop on the side runs
  std::unique_ptr<Pool> pool;
  int side_threads = 0;  ///< number of threads that have a SideLoops object; the pool runs as long as there are any

  /// Starts the threads of the pool if they do not run. `mutex` must be locked.
  void start() {
    if (!pool) pool = std::make_unique<Pool>(num_threads() - 1);
  }

  /// Returns the threads of the pool that work beside a calling thread: all, or, while there is work on the side, half
  /// of them for each side. Both calling threads count as threads of their halves. A thread on the side needs no lock
  /// for the call: the result for the side is the same as long as the thread has its SideLoops object.
  Team team(bool side) const {
    const int all = pool->workers();
    if (side_threads == 0) return {0, all};
    const int on_side = (all + 1) / 2, others = all + 1 - on_side;
    return side ? Team{others - 1, others - 1 + on_side - 1} : Team{0, others - 1};
  }
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
  on_the_side = false;
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
  const std::lock_guard lock(now.mutex);
  if (now.side_threads > 0) throw Error("the number of threads cannot change while there is work on the side");
  if (count != wanted_threads.load()) now.pool.reset();
  wanted_threads.store(count);
}

void on_pool_thread_start(std::function<void()> hook) { thread_start_hooks().push_back(std::move(hook)); }
void on_pool_start(std::function<void()> hook) { pool_start_hooks().push_back(std::move(hook)); }

void request_abort() noexcept { aborted.store(true); }
void clear_abort() noexcept { aborted.store(false); }

SerialLoops::SerialLoops() : before_(inside_loop) { inside_loop = true; }
SerialLoops::~SerialLoops() { inside_loop = before_; }

SideLoops::SideLoops() {
  on_the_side = true;
  Shared& now = *shared.load();
  const std::lock_guard lock(now.mutex);
  now.start();
  now.pool->change_callers(+1);
  ++now.side_threads;
}

SideLoops::~SideLoops() {
  if (!on_the_side) return;  // in a forked child
  on_the_side = false;
  Shared& now = *shared.load();
  const std::lock_guard lock(now.mutex);
  --now.side_threads;
  now.pool->change_callers(-1);
}

namespace {

void run_alone(int64_t count, const std::function<void(int64_t)>& body) {
  for (int64_t item = 0; item < count; ++item) {
    check_abort();
    body(item);
  }
}

}  // namespace

void parallel_for(int64_t count, const std::function<void(int64_t)>& body) {
  if (count <= 0) return;
  if (inside_loop || count == 1 || num_threads() == 1) return run_alone(count, body);
  Shared& now = *shared.load();
  std::unique_lock lock(on_the_side ? now.side_mutex : now.mutex, std::defer_lock);
  {
    const Waiting waiting;
    lock.lock();
  }
  if (!on_the_side) now.start();
  Loop loop(count, body);
  now.pool->run(loop, now.team(on_the_side));
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace graphsieve
