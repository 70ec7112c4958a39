// A fixed pool of threads that waits without spinning for long, and the one loop that uses it.
//
// The rule that makes results the same at any thread count: the work is cut into items by the data alone, never by the
// number of threads; an item is computed by one thread, and partial sums are added in item order.
#pragma once

#include <cstdint>
#include <functional>

namespace graphsieve {

/// Threads that parallel_for uses, the calling one included. At first default_threads() of base/usable_cores.h. A forked
/// child keeps its parent's number, and starts threads of its own with its first loop.
int num_threads();

/// Sets the number of threads. Throws Error unless it is 1 to 1024, and inside parallel_for.
void set_num_threads(int count);

/// Runs `hook` once at the start of every pool thread, those already running excepted (a tensor library's per-thread
/// settings go here). Call before the first parallel_for.
void on_pool_thread_start(std::function<void()> hook);

/// Runs `hook` in the calling thread each time before the pool starts its threads, in a forked child as well (a tensor
/// library's state that several new threads must not be the first to ask for goes here). Call before the first parallel_for.
void on_pool_start(std::function<void()> hook);

/// Calls body(item) for every item of [0, count), in no fixed order, on the pool; returns when all are done. The first
/// exception thrown stops the handing out of items and is rethrown here. Inside a pool thread it runs serially.
void parallel_for(int64_t count, const std::function<void(int64_t)>& body);

/// Cuts [0, count) into blocks of `block` and calls body(begin, end) for each: the usual loop over rows.
inline void parallel_blocks(int64_t count, int64_t block, const std::function<void(int64_t, int64_t)>& body) {
  parallel_for((count + block - 1) / block, [&](int64_t b) {
    const int64_t begin = b * block;
    body(begin, begin + block < count ? begin + block : count);
  });
}

}  // namespace graphsieve
