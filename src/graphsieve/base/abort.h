// SPDX-License-Identifier: Apache-2.0
// How to stop a long loop early, and how to keep one thread's loops out of the shared thread pool.
#pragma once

namespace graphsieve {

/// Makes every parallel_for throw Interrupted at its next item, until clear_abort(). May be called in a signal handler.
void request_abort() noexcept;

/// Cancels request_abort(). A process that goes on after an interruption calls it once the interrupted work has ended.
void clear_abort() noexcept;

/// While an object of this class lives, each parallel_for called by its thread runs in that thread alone. A background
/// thread uses it so as not to compete for the pool with the main thread.
class SerialLoops {
 public:
  SerialLoops();
  ~SerialLoops();
  SerialLoops(const SerialLoops&) = delete;
  SerialLoops& operator=(const SerialLoops&) = delete;

 private:
  bool before_;
};

/// While an object of this class lives, half of the threads of the pool, its own thread included, run the loops of its
/// thread, and the other half those of all other threads, so that two pieces of work go on side by side without waiting
/// for each other. Several threads that have such an object share one half.
class SideLoops {
 public:
  SideLoops();
  ~SideLoops();
  SideLoops(const SideLoops&) = delete;
  SideLoops& operator=(const SideLoops&) = delete;
};

}  // namespace graphsieve
