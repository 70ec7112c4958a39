// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/torch_threads.h"

#include <pthread.h>

#include <atomic>

#include "graphsieve/base/parallel.h"

namespace graphsieve::ops {
namespace {

std::atomic<bool> several{false};
std::atomic<bool> forked{false};  ///< true in a forked child that has not yet started a pool of this library

// get_num_threads() must come first: the first call of it in a thread sets the thread's number to the process's, and
// would undo a number set before.
void use_one_thread() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

/// OpenMP's threads stay in the parent of a fork, and the first torch operation in the child that uses them would wait
/// for ever. One thread is also what torch sets in the worker processes of a DataLoader.
void use_one_thread_in_child() {
  forked.store(true, std::memory_order_relaxed);
  if (several.load(std::memory_order_relaxed)) use_one_thread();
}

/// In a forked child, the first thread that sets its number of threads makes torch's own pool anew (pthreadpool in
/// caffe2/utils/threadpool). A second thread that needs the pool meanwhile finds none, and torch throws "Invalid thread
/// pool!". Therefore the calling thread sets its number before the threads of this library's pool do.
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
