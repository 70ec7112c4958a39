#include "graphsieve/ops/common/torch_threads.h"

#include <pthread.h>

#include <atomic>

#include "graphsieve/base/parallel.h"

namespace graphsieve::ops {
namespace {

std::atomic<bool> several{false};

// get_num_threads first: a thread's first question sets its number to the process's, and would undo ours.
void use_one_thread() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

/// OpenMP's threads stay in the parent of a fork, and the first torch operation that wants them in the child would wait
/// for ever. One thread is also what torch sets in the worker processes of a DataLoader.
void use_one_thread_in_child() {
  if (several.load(std::memory_order_relaxed)) use_one_thread();
}

[[maybe_unused]] const bool registered = [] {
  on_pool_thread_start(use_one_thread);
  pthread_atfork(nullptr, nullptr, use_one_thread_in_child);
  return true;
}();

}  // namespace

void note_torch_threads() noexcept { several.store(true, std::memory_order_relaxed); }

}  // namespace graphsieve::ops
