// SPDX-License-Identifier: Apache-2.0
// A fixed pool of threads, and the one loop that uses it. Idle threads spin for a moment only before they sleep.
//
// Results are the same at any number of threads because of one rule: the data alone decides how the work is divided
// into items, never the number of threads. One thread computes an item, and partial sums are added in the order of the
// items.
#pragma once

#include <cstdint>
#include <functional>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Returns the number of threads that parallel_for uses, including the calling thread. It is default_threads() of
/// base/usable_cores.h until set_num_threads() is called. A forked child keeps its parent's number, and starts its own
/// threads with its first loop.
GRAPHSIEVE_API int num_threads();

/// Sets the number of threads. Throws Error if `count` is not 1 to 1024, and if it is called inside parallel_for.
GRAPHSIEVE_API void set_num_threads(int count);

/// Registers `hook` to run once at the start of every pool thread, for example for a tensor library's per-thread
/// settings. Threads that already run do not call it, so register it before the first parallel_for.
GRAPHSIEVE_API void on_pool_thread_start(std::function<void()> hook);

/// Registers `hook` to run in the calling thread each time before the pool starts its threads, in a forked child as
/// well. It may initialise a tensor library's state that several new threads must not be the first to use. Register it
/// before the first parallel_for.
GRAPHSIEVE_API void on_pool_start(std::function<void()> hook);

/// Calls body(item) for every item of [0, count), in no fixed order, on the threads of the pool, and returns when all
/// calls are done. After a body throws, no further items begin, and the first exception is rethrown to the caller.
/// Inside a body of another parallel_for, the loop runs in the calling thread alone. Throws Interrupted after
/// request_abort() (base/abort.h), and Error if a mapped file became shorter (base/mapped_range.h).
GRAPHSIEVE_API void parallel_for(int64_t count, const std::function<void(int64_t)>& body);

/// Divides [0, count) into blocks of `block` items and calls body(begin, end) for each block in parallel. This is the
/// usual loop over rows.
inline void parallel_blocks(int64_t count, int64_t block, const std::function<void(int64_t, int64_t)>& body) {
  parallel_for((count + block - 1) / block, [&](int64_t b) {
    const int64_t begin = b * block;
    body(begin, begin + block < count ? begin + block : count);
  });
}

}  // namespace graphsieve
