#include "graphsieve/ops/common/torch_threads.h"

#include <pthread.h>

#include <atomic>

#include "graphsieve/base/parallel.h"

namespace graphsieve::ops {
namespace {

std::atomic<bool> several{false};
std::atomic<bool> forked{false};  ///< this process is a forked child that has not started a pool of ours yet

// get_num_threads first: a thread's first question sets its number to the process's, and would undo ours.
void use_one_thread() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

/// OpenMP's threads stay in the parent of a fork, and the first torch operation that wants them in the child would wait
/// for ever. One thread is also what torch sets in the worker processes of a DataLoader.
void use_one_thread_in_child() {
  forked.store(true, std::memory_order_relaxed);
  if (several.load(std::memory_order_relaxed)) use_one_thread();
}

/// In a forked child, the first thread that sets its number of threads makes torch's own pool anew (pthreadpool in
/// caffe2/utils/threadpool), and a second thread that asks meanwhile finds none: torch then throws "Invalid thread pool!".
/// The child's calling thread therefore asks before our pool's threads do.
void renew_torchs_pool_in_child() {
  if (forked.exchange(false, std::memory_order_relaxed)) at::set_num_threads(at::get_num_threads());
}

[[maybe_unused]] const bool registered = [] {
  on_pool_start(renew_torchs_pool_in_child);
  on_pool_thread_start(use_one_thread);
  pthread_atfork(nullptr, nullptr, use_one_thread_in_child);
  return true;
}();

}  // namespace

void note_torch_threads() noexcept { several.store(true, std::memory_order_relaxed); }

}  // namespace graphsieve::ops
