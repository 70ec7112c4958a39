#include "graphsieve/base/parallel.h"

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

namespace graphsieve {
namespace {

thread_local bool inside_loop = false;

std::atomic<bool> aborted{false};

void check_abort() {
  if (aborted.load(std::memory_order_relaxed)) throw Interrupted();
}

std::vector<std::function<void()>>& start_hooks() {
  static std::vector<std::function<void()>> hooks;
  return hooks;
}

/// One parallel_for call: items are taken by an atomic counter.
struct Loop {
  Loop(int64_t item_count, const std::function<void(int64_t)>& item_body) : count(item_count), body(item_body) {}

  void work() {
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

class Pool {
 public:
  explicit Pool(int workers) {
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

  void run(Loop& loop) {
    {
      std::lock_guard lock(mutex_);
      loop_ = &loop;
      running_ = static_cast<int>(threads_.size());
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    loop.work();
    for (int spin = 0; spin < kSpins && running_.load(std::memory_order_acquire) > 0; ++spin) pause();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_.load(std::memory_order_acquire) == 0; });
    loop_ = nullptr;
  }

 private:
  // About 20 microseconds: long enough for back-to-back loops, short enough to leave the core to others.
  static constexpr int kSpins = 1000;

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  void serve() {
    for (auto& hook : start_hooks()) hook();
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
  bool stopping_ = false;
  Loop* loop_ = nullptr;
  std::vector<std::thread> threads_;
};

int wanted_threads = 0;
std::unique_ptr<Pool> pool;
std::mutex pool_mutex;  // held for the length of a loop: loops from several caller threads take turns

}  // namespace

int num_threads() {
  if (wanted_threads == 0) wanted_threads = std::max(1u, std::thread::hardware_concurrency());
  return wanted_threads;
}

void set_num_threads(int count) {
  if (count < 1 || count > 1024) throw Error("number of threads is ", count, ", expected 1 to 1024");
  std::lock_guard lock(pool_mutex);
  if (count != wanted_threads) pool.reset();
  wanted_threads = count;
}

void on_pool_thread_start(std::function<void()> hook) { start_hooks().push_back(std::move(hook)); }

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
  std::lock_guard lock(pool_mutex);
  if (!pool) pool = std::make_unique<Pool>(num_threads() - 1);
  Loop loop(count, body);
  pool->run(loop);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace graphsieve
