// Leaving long loops early.
#pragma once

namespace graphsieve {

/// From now on every parallel_for throws Interrupted at its next item. Safe in a signal handler.
void request_abort() noexcept;

/// Takes that back, for a process that goes on: when what was to be left has been left.
void clear_abort() noexcept;

/// While it lives, loops of this thread run in this thread alone: for a thread that works beside the pool.
class SerialLoops {
 public:
  SerialLoops();
  ~SerialLoops();
  SerialLoops(const SerialLoops&) = delete;
  SerialLoops& operator=(const SerialLoops&) = delete;

 private:
  bool before_;
};

}  // namespace graphsieve
